import { createHash, randomBytes } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/hashing/crc32.ts';
import { md5 } from '../../src/hashing/md5.ts';
import { Utf8Text } from '../../src/hashing/utf8.ts';
import { xxh64High } from '../../src/hashing/xxh64.ts';

const text = new Utf8Text();
const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');

/** Texts of every length around the blocks of the hashes. */
const TEXTS = Array.from({ length: 200 }, (_, length) =>
  Array.from({ length }, (_, i) => 'aé日😀'[(i * 7 + length) % 6] ?? 'z').join(''),
);

describe('the bytes of a text', () => {
  it('are those of TextEncoder', () => {
    for (const one of [...TEXTS, '\ud800', 'a\udc00b', '\ud83d\ud83d\ude00', '']) {
      text.read(one);
      expect([...text.bytes.subarray(0, text.length)]).toEqual([...new TextEncoder().encode(one)]);
    }
  });

  it('grow with long texts and take integers', () => {
    text.read('日'.repeat(1_000)).append('ab').appendInteger(0x01020304);
    expect(text.length).toBe(3_006);
    expect([...text.bytes.subarray(3_000, 3_006)]).toEqual([97, 98, 4, 3, 2, 1]);
  });
});

describe('crc32', () => {
  it('gives the check value of its catalogue entry', () => {
    expect(hex(crc32(text.read('123456789')))).toBe('cbf43926');
  });

  it('goes on from what came before', () => {
    const before = crc32(text.read('1234'));
    expect(hex(crc32(text.read('56789'), before))).toBe('cbf43926');
  });

  it('equals zlib at every length', () => {
    if (zlibCrc32 === undefined) return;
    for (const one of TEXTS) expect(crc32(text.read(one)) >>> 0).toBe(zlibCrc32(one));
  });
});

describe('md5', () => {
  const digest = new Int32Array(4);
  const md5Hex = (one: string) => {
    md5(text.read(one), digest);
    return Buffer.from(digest.buffer).toString('hex');
  };

  it.each([
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['abc', '900150983cd24fb0d6963f7d28e17f72'],
    ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    [
      '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
      '57edf4a22be3c955ac49da2e2107b67a',
    ],
  ])('gives the test vector of RFC 1321 for %j', (one, expected) => {
    expect(md5Hex(one)).toBe(expected);
  });

  it('equals OpenSSL at every length', () => {
    for (const one of TEXTS) expect(md5Hex(one)).toBe(createHash('md5').update(one).digest('hex'));
    const long = randomBytes(5_000).toString('hex');
    expect(md5Hex(long)).toBe(createHash('md5').update(long).digest('hex'));
  });
});

describe('xxh64', () => {
  it.each([
    ['', 'ef46db37'],
    ['a', 'd24ec4f1'],
    ['as', '1c330fb2'],
    ['asd', '631c37ce'],
    ['asdf', '415872f5'],
    ['abc', '44bc2cf5'],
    ['Nobody inspects the spammish repetition', 'fbcea83c'],
    ['Call me Ishmael. Some years ago--never mind how long precisely-', '02a2e854'],
  ])('gives the upper half of the published digest of %j', (one, expected) => {
    expect(hex(xxh64High(text.read(one)))).toBe(expected);
  });

  it('equals the specification, computed with BigInt, at every length', () => {
    for (const one of TEXTS) expect(hex(xxh64High(text.read(one)))).toBe(hex(Number(xxh64(one) >> 32n)));
  });
});

/** The specification word by word, as a reference. */
function xxh64(one: string): bigint {
  const bytes = Buffer.from(new TextEncoder().encode(one));
  const u64 = (value: bigint) => BigInt.asUintN(64, value);
  const rotl = (value: bigint, by: bigint) => u64((value << by) | (value >> (64n - by)));
  const [p1, p2, p3, p4, p5] = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ] as const;
  const round = (into: bigint, lane: bigint) => u64(rotl(u64(into + lane * p2), 31n) * p1);
  let at = 0;
  let hash: bigint = p5;
  if (bytes.length >= 32) {
    const lanes = [u64(p1 + p2), p2, 0n, u64(-p1)];
    for (; at + 32 <= bytes.length; at += 32)
      for (const i of lanes.keys()) lanes[i] = round(lanes[i] as bigint, bytes.readBigUInt64LE(at + 8 * i));
    const [a = 0n, b = 0n, c = 0n, d = 0n] = lanes;
    hash = u64(rotl(a, 1n) + rotl(b, 7n) + rotl(c, 12n) + rotl(d, 18n));
    for (const lane of lanes) hash = u64((hash ^ round(0n, lane)) * p1 + p4);
  }
  hash = u64(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8)
    hash = u64(rotl(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * p1 + p4);
  if (at + 4 <= bytes.length) {
    hash = u64(rotl(hash ^ u64(BigInt(bytes.readUInt32LE(at)) * p1), 23n) * p2 + p3);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = u64(rotl(hash ^ u64(BigInt(bytes[at] as number) * p5), 11n) * p1);
  hash = u64((hash ^ (hash >> 33n)) * p2);
  hash = u64((hash ^ (hash >> 29n)) * p3);
  return hash ^ (hash >> 32n);
}
