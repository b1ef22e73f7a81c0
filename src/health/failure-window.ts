// A rolling window that counts requests and failures.

/** Number of steps in a window. */
export const WINDOW_STEPS = 10;

/**
 * Counts the requests that ended in the last ten steps of time, and how many of them failed. O(1), 80 bytes.
 */
export class FailureWindow {
  /** Requests that ended in the window. */
  ended = 0;
  /** Requests in the window that failed. */
  failed = 0;
  /** Requests and failures of each step, at twice its number modulo the number of steps. */
  readonly #counts = new Uint32Array(2 * WINDOW_STEPS);
  #step = 0;
  /** Index of the current step's counts. */
  #at = 0;

  /**
   * Counts a request that ended.
   * @param step - number of the current step, never less than before
   * @param failures - 1 if the request failed, else 0
   */
  count(step: number, failures: 0 | 1): void {
    if (step !== this.#step) this.#moveTo(step);
    const counts = this.#counts;
    const at = this.#at;
    counts[at] = (counts[at] as number) + 1;
    counts[at + 1] = (counts[at + 1] as number) + failures;
    this.ended++;
    this.failed += failures;
  }

  clear(): void {
    this.#counts.fill(0);
    this.ended = 0;
    this.failed = 0;
  }

  #moveTo(step: number): void {
    const counts = this.#counts;
    for (let next = Math.max(this.#step + 1, step - WINDOW_STEPS + 1); next <= step; next++) {
      const at = 2 * (next % WINDOW_STEPS);
      this.ended -= counts[at] as number;
      this.failed -= counts[at + 1] as number;
      counts[at] = 0;
      counts[at + 1] = 0;
    }
    this.#step = step;
    this.#at = 2 * (step % WINDOW_STEPS);
  }
}
