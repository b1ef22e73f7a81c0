/** The counters of a queue since it was created. */
export interface LeaseQueueStats {
  /** Requests that wait now. */
  readonly depth: number;
  /** Waits that ended with a backend. */
  readonly served: number;
  /** Waits that ended by the time limit. */
  readonly timedOut: number;
  /** Waits that the client ended. */
  readonly cancelled: number;
  /** Waits that ended because no backend was left to wait for. */
  readonly abandoned: number;
  /** Requests that were refused because the queue was full. */
  readonly refused: number;
  /** Waiting times of served requests in milliseconds: their sum, and the longest. */
  readonly waitMs: { readonly sum: number; readonly max: number };
}

/** How a wait can end. */
export type Ending = 'served' | 'timedOut' | 'cancelled' | 'abandoned';

/** Counts how waits end. */
export class QueueTally {
  refused = 0;
  readonly #ended: Record<Ending, number> = { served: 0, timedOut: 0, cancelled: 0, abandoned: 0 };
  #sumMs = 0;
  #maxMs = 0;

  ended(ending: Ending, waitedMs: number): void {
    this.#ended[ending]++;
    if (ending !== 'served') return;
    this.#sumMs += waitedMs;
    this.#maxMs = Math.max(this.#maxMs, waitedMs);
  }

  stats(depth: number): LeaseQueueStats {
    return { depth, ...this.#ended, refused: this.refused, waitMs: { sum: this.#sumMs, max: this.#maxMs } };
  }
}
