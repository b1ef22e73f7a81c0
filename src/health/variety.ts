// Tells within bounded memory whether one thing, or several, came up lately.

/** Remembers fingerprints for so long, in milliseconds. */
export const LATELY_MS = 10_000;
const FRESH_MS = 1_000;

/** Whether there were no, one or several different fingerprints in the last 10 s. O(1) in time and memory. */
export class Variety {
  #last = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** When one that differs from `#last` last came up. */
  #otherAt = Number.NEGATIVE_INFINITY;

  note(fingerprint: number, now: number): void {
    if (fingerprint !== this.#last) {
      this.#otherAt = this.#lastAt;
      this.#last = fingerprint;
    }
    this.#lastAt = now;
  }

  /** Whether there were several so recently that it makes no difference to note another one. */
  isFresh(now: number): boolean {
    return now - this.#otherAt < FRESH_MS;
  }

  /** How many different ones there were: 0, 1, or 2 for more. */
  count(now: number): 0 | 1 | 2 {
    if (now - this.#lastAt > LATELY_MS) return 0;
    return now - this.#otherAt > LATELY_MS ? 1 : 2;
  }

  /** Whether there was none but this one. */
  isAlone(fingerprint: number, now: number): boolean {
    return now - (fingerprint === this.#last ? this.#otherAt : this.#lastAt) > LATELY_MS;
  }
}
