import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest, hashKey, KeyHasher, mix } from '../../src/hashing/hash.ts';

describe('hashKey', () => {
  it('is a signed 32-bit integer for any string and seed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer(), (key, seed) => {
        const hash = hashKey(key, seed);
        expect(hash).toBe(hash | 0);
      }),
      { verbose: 1 },
    );
  });

  it('is what KeyHasher calls the position', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer(), (key, seed) => {
        const hasher = new KeyHasher();
        hasher.read(key, seed);
        expect(hasher.position).toBe(hashKey(key, seed));
      }),
      { verbose: 1 },
    );
  });

  it.each([
    ['counted', (i: number) => `key${i}`],
    ['long with a common end', (i: number) => `${i}/the/same/long/ending/of/every/path`],
    ['long with a common start', (i: number) => `/the/same/long/start/of/every/path/${i}`],
    ['of one character', (i: number) => String.fromCharCode(i)],
  ])('fills 64 buckets evenly with 16,384 keys that are %s', (_name, keyOf) => {
    const buckets = new Array<number>(64).fill(0);
    for (let i = 0; i < 16_384; i++) {
      const bucket = hashKey(keyOf(i), 0) >>> 26;
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    const chiSquare = buckets.reduce((sum, count) => sum + (count - 256) ** 2 / 256, 0);
    // 63 degrees of freedom: above 115 in less than one case of 10,000.
    expect(chiSquare).toBeLessThan(115);
  });

  it('has no collision of both lanes among 200,000 similar keys', () => {
    const hasher = new KeyHasher();
    const seen = new Set<string>();
    for (let i = 0; i < 200_000; i++) {
      hasher.read(`/api/v1/items/${i}`, 0);
      seen.add(`${hasher.position},${hasher.fingerprint}`);
    }
    expect(seen.size).toBe(200_000);
  });
});

describe('mix', () => {
  it('flips about half of the output bits for each input bit', () => {
    for (let bit = 0; bit < 32; bit++) {
      let flips = 0;
      for (let i = 0; i < 1_000; i++) {
        let changed = mix(i * 7919) ^ mix((i * 7919) ^ (1 << bit));
        for (; changed !== 0; changed &= changed - 1) flips++;
      }
      expect(Math.abs(flips / 32_000 - 0.5)).toBeLessThan(0.03);
    }
  });
});

describe('digest', () => {
  it('is 16 hexadecimal digits', () => {
    expect(digest('')).toMatch(/^[0-9a-f]{16}$/);
    expect(digest('a')).not.toBe(digest('b'));
  });
});
