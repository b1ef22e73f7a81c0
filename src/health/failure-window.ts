/** In how many steps a window moves on. */
export const WINDOW_STEPS = 10;

/** How many requests ended in the last steps of time, and how many of them failed. O(1), 80 bytes. */
export class FailureWindow {
  /** Over the whole window. */
  ended = 0;
  failed = 0;
  /** For each step, by its number modulo the length: how many ended, how many failed. */
  readonly #counts = new Uint32Array(2 * WINDOW_STEPS);
  #step = 0;
  /** Where the counts of the step stand. */
  #at = 0;

  /** Counts one request. @param step - number of the step, never less than before @param failures - 1 where it failed, else 0 */
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
