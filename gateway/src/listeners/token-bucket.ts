// A token bucket, which bounds a rate.

/** Allows a burst at once, and a rate in the long run. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #at: number;

  /** @param nowMs - milliseconds of a monotonic clock */
  constructor(burst: number, perSecond: number, nowMs = performance.now()) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#at = nowMs;
  }

  /** Takes one token. @returns whether there was one */
  take(nowMs = performance.now()): boolean {
    const earned = ((nowMs - this.#at) / 1_000) * this.#perSecond;
    this.#at = nowMs;
    this.#left = Math.min(this.#burst, this.#left + earned);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
