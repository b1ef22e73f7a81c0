// What the last minute was like, from totals that come every second.
import type { LatencyStats } from '../../../contracts.ts';

/** Totals at a moment. */
export interface Totals {
  readonly requests: number;
  readonly errors: number;
  readonly latency: LatencyStats;
}

type Sample = Totals & { readonly at: number };

const WINDOW_MS = 60_000;
/** After a longer gap the page cannot tell when things happened, and begins anew. */
const MAX_GAP_MS = 5_000;

/** Keeps the totals of the last minute, and tells rates and quantiles of it. */
export class Track {
  readonly #samples: Sample[] = [];

  /** @param at - milliseconds on a clock that never jumps */
  add(at: number, { requests, errors, latency }: Totals): void {
    const samples = this.#samples;
    const last = samples.at(-1);
    const isNew = last === undefined || requests < last.requests || at - last.at > MAX_GAP_MS;
    if (isNew) samples.length = 0;
    samples.push({ at, requests, errors, latency });
    while (at - (samples[0]?.at ?? at) > WINDOW_MS) samples.shift();
  }

  /** Requests per second since the sample before; `undefined` if there is none. */
  rate(): number | undefined {
    const [before, last] = this.#samples.slice(-2);
    return before === undefined || last === undefined ? undefined : rateBetween(before, last);
  }

  /** Requests per second from sample to sample, oldest first. */
  rates(): number[] {
    return this.#samples.slice(1).map((sample, index) => rateBetween(this.#samples[index] as Sample, sample));
  }

  /** Requests in the window. */
  requests(): number {
    return this.#risen(({ requests }) => requests);
  }

  /** Errors for each request in the window, 0 to 1; `undefined` without a request. */
  errorRate(): number | undefined {
    const requests = this.requests();
    const errors = this.#risen(({ errors }) => errors);
    return requests === 0 ? undefined : Math.min(1, Math.max(0, errors / requests));
  }

  /** The latency in milliseconds that a share of the requests in the window did not exceed. */
  quantile(share: number): number | undefined {
    const before = new Map(this.#samples[0]?.latency.buckets);
    const counts = (this.#samples.at(-1)?.latency.buckets ?? []).map(
      ([upToMs, count]) => [upToMs, count - (before.get(upToMs) ?? 0)] as const,
    );
    let left = Math.ceil(share * counts.reduce((sum, [, count]) => sum + count, 0));
    if (left <= 0) return undefined;
    return counts.find(([, count]) => (left -= count) <= 0)?.[0];
  }

  #risen(total: (sample: Sample) => number): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    return first === undefined || last === undefined ? 0 : total(last) - total(first);
  }
}

function rateBetween(before: Sample, after: Sample): number {
  return ((after.requests - before.requests) * 1_000) / Math.max(1, after.at - before.at);
}
