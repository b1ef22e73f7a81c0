// A histogram of latencies, the statistics that it gives, and how several become one.
import { bucketOf, UPPER_BOUNDS_MS } from './latency-buckets.ts';

/** Latencies from the arrival of a request's head to the last byte of its response. */
export interface LatencyStats {
  readonly count: number;
  readonly sumMs: number;
  /** Quantiles in milliseconds, within 6 %; `undefined` without a request. */
  readonly p50Ms: number | undefined;
  readonly p90Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** Requests in each bucket, `[upper bound in ms, count]`: ascending, without empty buckets. */
  readonly buckets: readonly (readonly [upToMs: number, count: number])[];
}

type Buckets = LatencyStats['buckets'];

/**
 * Counts latencies in buckets that grow with them: from 8 microseconds to 17 minutes, none wider than a
 * sixteenth of its lower bound. Recording allocates nothing.
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(UPPER_BOUNDS_MS.length);
  // An array: a field would hold each new number in an object of its own.
  readonly #sum = new Float64Array(1);

  /** @param ms - milliseconds; a negative number, NaN or `Infinity` adds nothing to the sum */
  record(ms: number): void {
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    if (ms > 0 && ms < Number.POSITIVE_INFINITY) this.#sum[0] = (this.#sum[0] as number) + ms;
  }

  /** Everything that was recorded. O(buckets). */
  stats(): LatencyStats {
    const buckets: [number, number][] = [];
    this.#counts.forEach((count, bucket) => {
      if (count > 0) buckets.push([UPPER_BOUNDS_MS[bucket] as number, count]);
    });
    return latencyStats(buckets, this.#sum[0] as number);
  }
}

/** Adds several histograms up. */
export function mergeLatency(all: readonly LatencyStats[]): LatencyStats {
  const counts = new Map<number, number>();
  for (const { buckets } of all) {
    for (const [upToMs, count] of buckets) counts.set(upToMs, (counts.get(upToMs) ?? 0) + count);
  }
  const sumMs = all.reduce((sum, one) => sum + one.sumMs, 0);
  return latencyStats(
    [...counts].sort(([a], [b]) => a - b),
    sumMs,
  );
}

function latencyStats(buckets: Buckets, sumMs: number): LatencyStats {
  const count = buckets.reduce((sum, [, own]) => sum + own, 0);
  const quantile = (share: number) => quantileOf(buckets, Math.max(1, Math.ceil(share * count)));
  return { count, sumMs, p50Ms: quantile(0.5), p90Ms: quantile(0.9), p99Ms: quantile(0.99), buckets };
}

/** The middle of the bucket that holds the value of a rank; ranks count from 1. */
function quantileOf(buckets: Buckets, rank: number): number | undefined {
  let left = rank;
  for (const [upToMs, count] of buckets) {
    left -= count;
    if (left > 0) continue;
    const below = UPPER_BOUNDS_MS[bucketOf(upToMs) - 1] ?? 0;
    return (below + upToMs) / 2;
  }
  return undefined;
}
