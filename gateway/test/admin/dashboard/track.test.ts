import { describe, expect, it } from 'vitest';
import { Track } from '../../../src/admin/dashboard/client/track.ts';

const totals = (requests: number, errors = 0, buckets: [number, number][] = []) => ({
  requests,
  errors,
  latency: { count: 0, sumMs: 0, p50Ms: undefined, p90Ms: undefined, p99Ms: undefined, buckets },
});

function aTrack(...samples: [at: number, requests: number, errors?: number, buckets?: [number, number][]][]) {
  const track = new Track();
  for (const [at, ...rest] of samples) track.add(at, totals(...rest));
  return track;
}

describe('a track', () => {
  it('knows nothing from one sample', () => {
    const track = aTrack([0, 5_000, 12, [[1, 5_000]]]);
    expect([track.rate(), track.errorRate(), track.quantile(0.5)]).toEqual([undefined, undefined, undefined]);
    expect([track.rates(), track.requests()]).toEqual([[], 0]);
  });

  it('tells requests per second whatever the time between samples', () => {
    const track = aTrack([0, 100], [1_000, 150], [3_000, 250], [3_500, 250]);
    expect(track.rates()).toEqual([50, 50, 0]);
    expect(track.rate()).toBe(0);
  });

  it('tells errors and latencies of the last minute, not of what was before', () => {
    const early: [number, number][] = [
      [1, 1_000],
      [500, 1_000],
    ];
    const track = aTrack([0, 2_000, 1_000, early]);
    for (let second = 1; second <= 70; second++) {
      const done = second * 10;
      track.add(
        second * 1_000,
        totals(2_000 + done, 1_000 + second, [
          [1, 1_000 + done - second],
          [20, second],
          [500, 1_000],
        ]),
      );
    }
    expect(track.requests()).toBe(600);
    expect(track.rates()).toHaveLength(60);
    expect(track.errorRate()).toBeCloseTo(0.1);
    expect([track.quantile(0.5), track.quantile(0.9), track.quantile(0.91)]).toEqual([1, 1, 20]);
  });

  it('begins anew after a restart and after a silence', () => {
    expect(aTrack([0, 100], [1_000, 200], [2_000, 3]).rates()).toEqual([]);
    expect(aTrack([0, 100], [1_000, 200], [9_000, 300], [10_000, 310]).rates()).toEqual([10]);
  });

  it('tells no error rate without requests, and never more than 1', () => {
    expect(aTrack([0, 5], [1_000, 5]).errorRate()).toBeUndefined();
    expect(aTrack([0, 5, 0], [1_000, 6, 4]).errorRate()).toBe(1);
  });
});
