import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, PUBLISHED_BOUNDS_MS, UPPER_BOUNDS_MS } from '../../src/observation/latency-buckets.ts';

const LAST = UPPER_BOUNDS_MS.length - 1;
const lowerOf = (bucket: number) => UPPER_BOUNDS_MS[bucket - 1] ?? 0;
const upperOf = (bucket: number) => UPPER_BOUNDS_MS[bucket] as number;

describe('the buckets of latencies', () => {
  it('ascend from microseconds to minutes', () => {
    expect(upperOf(0)).toBeLessThanOrEqual(0.01);
    expect(upperOf(LAST)).toBeGreaterThan(10 * 60_000);
    for (let bucket = 1; bucket <= LAST; bucket++) expect(upperOf(bucket)).toBeGreaterThan(lowerOf(bucket));
  });

  it('are at most a sixteenth wide', () => {
    for (let bucket = 1; bucket <= LAST; bucket++) {
      expect(upperOf(bucket) / lowerOf(bucket)).toBeLessThanOrEqual(17 / 16);
    }
  });

  it('hold what lies above the bound of the one before, up to their own', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.0001, max: 2 ** 20, noNaN: true }), (ms) => {
        const bucket = bucketOf(ms);
        expect(ms).toBeGreaterThan(lowerOf(bucket));
        expect(ms).toBeLessThanOrEqual(upperOf(bucket));
      }),
      { numRuns: 5_000 },
    );
  });

  it('end right at their bounds', () => {
    for (let bucket = 0; bucket <= LAST; bucket++) {
      const bound = upperOf(bucket);
      expect(bucketOf(bound)).toBe(bucket);
      expect(bucketOf(bound * (1 + 1e-12))).toBe(Math.min(bucket + 1, LAST));
      expect(bucketOf(bound * (1 - 1e-12))).toBe(bucket);
    }
  });

  it('end where the published ones do', () => {
    expect(PUBLISHED_BOUNDS_MS.filter((bound) => !UPPER_BOUNDS_MS.includes(bound))).toEqual([]);
  });

  it.each([
    [Number.NaN, 0],
    [-1, 0],
    [Number.NEGATIVE_INFINITY, 0],
    [-0, 0],
    [0, 0],
    [Number.MIN_VALUE, 0],
    [2 ** 20 + 1, LAST],
    [Number.MAX_VALUE, LAST],
    [Number.POSITIVE_INFINITY, LAST],
  ])('take %d', (ms, bucket) => {
    expect(bucketOf(ms)).toBe(bucket);
  });
});
