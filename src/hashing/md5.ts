// MD5, which ketama places points and keys by. Not for security.

import type { Utf8Text } from './utf8.ts';

const BLOCK = 64;
const ROTATIONS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
/** Constants of the 64 steps; built with the first use. The last bit of a sine does not reach them. */
let sines: Int32Array | undefined;
const words = new Int32Array(16);

/**
 * Writes the MD5 digest of a text to `digest`, as four words, the lowest byte first. O(length).
 * @see RFC 1321
 */
export function md5({ bytes, length }: Utf8Text, digest: Int32Array): void {
  sines ??= Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);
  digest[0] = 0x67452301;
  digest[1] = 0xefcdab89;
  digest[2] = 0x98badcfe;
  digest[3] = 0x10325476;
  const padded = (length + 8 + BLOCK) & -BLOCK;
  for (let start = 0; start < padded; start += BLOCK) {
    words.fill(0);
    for (let i = start; i <= length && i < start + BLOCK; i++) {
      const word = (i - start) >> 2;
      const byte = i === length ? 0x80 : (bytes[i] as number);
      words[word] = (words[word] as number) | (byte << (8 * (i & 3)));
    }
    if (start + BLOCK === padded) {
      words[14] = length << 3;
      words[15] = length >>> 29;
    }
    addBlock(digest, sines);
  }
}

function addBlock(digest: Int32Array, constants: Int32Array): void {
  let a = digest[0] as number;
  let b = digest[1] as number;
  let c = digest[2] as number;
  let d = digest[3] as number;
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    let mixed: number;
    let word: number;
    if (round === 0) {
      mixed = (b & c) | (~b & d);
      word = i;
    } else if (round === 1) {
      mixed = (d & b) | (~d & c);
      word = 5 * i + 1;
    } else if (round === 2) {
      mixed = b ^ c ^ d;
      word = 3 * i + 5;
    } else {
      mixed = c ^ (b | ~d);
      word = 7 * i;
    }
    const sum = (a + mixed + (constants[i] as number) + (words[word & 15] as number)) | 0;
    const by = ROTATIONS[4 * round + (i & 3)] as number;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << by) | (sum >>> (32 - by)))) | 0;
  }
  digest[0] = (digest[0] as number) + a;
  digest[1] = (digest[1] as number) + b;
  digest[2] = (digest[2] as number) + c;
  digest[3] = (digest[3] as number) + d;
}
