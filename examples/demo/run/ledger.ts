// The results of the requests of a pass.

const MISS = 1;
const HIT = 2;

/** Number of cached responses, and of responses that had to be made. */
export interface Tally {
  readonly hits: number;
  readonly misses: number;
}

/** Response times in milliseconds. */
export interface Latency {
  /** The median. */
  readonly median: number;
  /** The 95th percentile. */
  readonly p95: number;
  readonly slowest: number;
}

/**
 * Records the result of each request by its index in the stream, so that passes can be compared on the same
 * part of it.
 */
export class Ledger {
  answered = 0;
  /** Reasons of lost requests. */
  readonly losses: string[] = [];
  readonly #answers: Uint8Array;
  readonly #latencies: Float64Array;

  /** @param count - length of the stream */
  constructor(count: number) {
    this.#answers = new Uint8Array(count);
    this.#latencies = new Float64Array(count);
  }

  answer(index: number, fromCache: boolean, latencyMs: number): void {
    this.answered++;
    this.#answers[index] = fromCache ? HIT : MISS;
    this.#latencies[index] = latencyMs;
  }

  lose(reason: string): void {
    this.losses.push(reason);
  }

  /** Counts the responses to the requests from `from` up to `to`. */
  tally(from: number, to: number): Tally {
    let hits = 0;
    let misses = 0;
    for (const answer of this.#answers.subarray(from, to)) {
      if (answer === HIT) hits++;
      else if (answer === MISS) misses++;
    }
    return { hits, misses };
  }

  /** Response times of the first `count` requests; `null` without responses. */
  latency(count: number): Latency | null {
    const sorted = this.#latencies
      .subarray(0, count)
      .filter((_, i) => this.#answers[i] !== 0)
      .sort();
    const quantile = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] as number;
    return sorted.length === 0 ? null : { median: quantile(0.5), p95: quantile(0.95), slowest: quantile(1) };
  }
}

/** The share of cache hits; `null` without responses. */
export function hitRate({ hits, misses }: Tally): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}
