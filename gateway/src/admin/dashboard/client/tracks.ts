import type { LatencyStats } from '../../../contracts.ts';

/** Totals at a moment. */
export interface Totals {
  readonly requests: number;
  readonly errors: number;
  readonly latency: LatencyStats;
}

export type Track = ReturnType<ReturnType<typeof tracks>>;

/** Makes tracks: what the last minute was like, from totals that come every second. */
export function tracks() {
  const WINDOW_MS = 60_000;
  /** After a longer silence nobody knows when things happened. */
  const MAX_GAP_MS = 5_000;

  type Sample = Totals & { readonly at: number };

  const rateBetween = (before: Sample, after: Sample) =>
    ((after.requests - before.requests) * 1_000) / Math.max(1, after.at - before.at);

  return function track() {
    const samples: Sample[] = [];

    return {
      /** @param at - milliseconds on a clock that never jumps */
      add(at: number, { requests, errors, latency }: Totals): void {
        const last = samples.at(-1);
        const begins = last === undefined || requests < last.requests || at - last.at > MAX_GAP_MS;
        if (begins) samples.length = 0;
        samples.push({ at, requests, errors, latency });
        while (at - (samples[0]?.at ?? at) > WINDOW_MS) samples.shift();
      },

      /** Requests per second since the sample before; `undefined` where there is none. */
      rate(): number | undefined {
        const [before, last] = samples.slice(-2);
        return before === undefined || last === undefined ? undefined : rateBetween(before, last);
      },

      /** Requests per second from sample to sample, oldest first. */
      rates(): number[] {
        return samples.slice(1).map((sample, index) => rateBetween(samples[index] as Sample, sample));
      },

      /** Requests in the window. */
      requests(): number {
        return (samples.at(-1)?.requests ?? 0) - (samples[0]?.requests ?? 0);
      },

      /** Errors in the window for each request, 0 to 1; `undefined` where there was none. */
      errorRate(): number | undefined {
        const requests = this.requests();
        const errors = (samples.at(-1)?.errors ?? 0) - (samples[0]?.errors ?? 0);
        return requests === 0 ? undefined : Math.min(1, Math.max(0, errors / requests));
      },

      /** The latency in milliseconds that a share of the requests in the window did not exceed. */
      quantile(share: number): number | undefined {
        const before = new Map(samples[0]?.latency.buckets);
        const counts = (samples.at(-1)?.latency.buckets ?? []).map(
          ([upToMs, count]) => [upToMs, count - (before.get(upToMs) ?? 0)] as const,
        );
        let left = Math.ceil(share * counts.reduce((sum, [, count]) => sum + count, 0));
        if (left <= 0) return undefined;
        return counts.find(([, count]) => (left -= count) <= 0)?.[0];
      },
    };
  };
}
