// CRC-32 with the polynomial of Ethernet and gzip.

import type { Utf8Text } from './utf8.ts';

/** What each byte adds; built with the first use. */
let table: Int32Array | undefined;

/**
 * The CRC-32 of a text, as a signed 32-bit integer. O(length).
 * @param before - the CRC of what comes before the text
 * @see ISO 3309, and RFC 1952, section 8
 */
export function crc32({ bytes, length }: Utf8Text, before = 0): number {
  table ??= Int32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ ((rest & 1) === 1 ? 0xedb88320 : 0);
    return rest;
  });
  let crc = ~before;
  for (let i = 0; i < length; i++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return ~crc;
}
