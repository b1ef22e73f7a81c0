import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LatencyStats } from '../../src/contracts.ts';
import { LatencyHistogram, mergeLatency } from '../../src/observation/latency-histogram.ts';

function recorded(latencies: readonly number[]): LatencyStats {
  const histogram = new LatencyHistogram();
  for (const ms of latencies) histogram.record(ms);
  return histogram.stats();
}

/** The smallest value that at least this share of all does not exceed. */
function exactQuantile(latencies: readonly number[], share: number): number {
  const sorted = [...latencies].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] as number;
}

/** From 10 microseconds to 10 minutes, as likely in each power of ten. */
const latency = fc.double({ min: -2, max: Math.log10(600_000), noNaN: true }).map((power) => 10 ** power);
const latencies = fc.array(latency, { minLength: 1, maxLength: 300 });

function expectNear(actual: number | undefined, exact: number): void {
  expect(Math.abs((actual as number) - exact) / exact).toBeLessThanOrEqual(0.04);
}

describe('LatencyHistogram', () => {
  it('knows quantiles to a few per cent', () => {
    fc.assert(
      fc.property(latencies, (all) => {
        const { p50Ms, p90Ms, p99Ms } = recorded(all);
        expectNear(p50Ms, exactQuantile(all, 0.5));
        expectNear(p90Ms, exactQuantile(all, 0.9));
        expectNear(p99Ms, exactQuantile(all, 0.99));
      }),
      { numRuns: 500 },
    );
  });

  it('counts and adds up exactly what was recorded', () => {
    fc.assert(
      fc.property(latencies, (all) => {
        const { count, sumMs, buckets } = recorded(all);
        expect(count).toBe(all.length);
        expect(sumMs).toBeCloseTo(
          all.reduce((sum, ms) => sum + ms, 0),
          3,
        );
        for (const [upToMs] of buckets) {
          const upToHere = buckets
            .filter(([bound]) => bound <= upToMs)
            .reduce((sum, [, own]) => sum + own, 0);
          expect(upToHere).toBe(all.filter((ms) => ms <= upToMs).length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('says nothing where nothing was recorded', () => {
    expect(recorded([])).toEqual({
      count: 0,
      sumMs: 0,
      p50Ms: undefined,
      p90Ms: undefined,
      p99Ms: undefined,
      buckets: [],
    });
  });

  it('leaves empty buckets out, and lists the others in order', () => {
    const { buckets } = recorded([700, 1, 700, 0.2]);
    expect(buckets.map(([, count]) => count)).toEqual([1, 1, 2]);
    expect(buckets[1]).toEqual([1, 1]);
  });

  it('survives what is no latency, and can be said in JSON', () => {
    const stats = recorded([Number.NaN, -5, Number.POSITIVE_INFINITY, 2]);
    expect(stats).toMatchObject({ count: 4, sumMs: 2 });
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
  });

  it('gives figures that later ones leave alone', () => {
    const histogram = new LatencyHistogram();
    histogram.record(1);
    const before = histogram.stats();
    histogram.record(1);
    expect(before.buckets).toEqual([[1, 1]]);
  });
});

describe('mergeLatency', () => {
  it('is what one histogram would have recorded', () => {
    fc.assert(
      fc.property(fc.array(fc.array(latency, { maxLength: 50 }), { maxLength: 5 }), (workers) => {
        const { sumMs, ...merged } = mergeLatency(workers.map(recorded));
        const { sumMs: exactMs, ...together } = recorded(workers.flat());
        expect(merged).toEqual(together);
        expect(sumMs).toBeCloseTo(exactMs, 3);
      }),
      { numRuns: 300 },
    );
  });

  it('works on what has gone through JSON', () => {
    const sent = JSON.parse(JSON.stringify([recorded([1, 2]), recorded([3])])) as LatencyStats[];
    expect(mergeLatency(sent)).toEqual(recorded([1, 2, 3]));
  });
});
