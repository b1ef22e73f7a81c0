const MISS = 1;
const HIT = 2;

/** Answers that came out of a cache, and those that had to be made. */
export interface Tally {
  readonly hits: number;
  readonly misses: number;
}

/** Milliseconds that answers took. */
export interface Latency {
  /** Half of them were as fast, or faster. */
  readonly median: number;
  /** 95 of 100 were as fast, or faster. */
  readonly p95: number;
  readonly slowest: number;
}

/**
 * Notes what came of each request by its place in the stream, so that passes can be compared on the same part
 * of it.
 */
export class Ledger {
  answered = 0;
  /** Why requests were lost. */
  readonly losses: string[] = [];
  readonly #answers: Uint8Array;
  readonly #latencies: Float64Array;

  /** @param count - how many requests the stream has */
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

  /** Counts the answers to the requests from `from` up to `to`. */
  tally(from: number, to: number): Tally {
    let hits = 0;
    let misses = 0;
    for (const answer of this.#answers.subarray(from, to)) {
      if (answer === HIT) hits++;
      else if (answer === MISS) misses++;
    }
    return { hits, misses };
  }

  /** How long the answers to the first `count` requests took; `null` where there is none. */
  latency(count: number): Latency | null {
    const sorted = this.#latencies
      .subarray(0, count)
      .filter((_, i) => this.#answers[i] !== 0)
      .sort();
    const quantile = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] as number;
    return sorted.length === 0 ? null : { median: quantile(0.5), p95: quantile(0.95), slowest: quantile(1) };
  }
}

/** Hits over answers; `null` where there is none. */
export function hitRate({ hits, misses }: Tally): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}
