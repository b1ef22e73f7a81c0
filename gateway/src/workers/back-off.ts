// The wait before a worker is started again.
const FIRST_MS = 100;
const MAX_MS = 10_000;

/** Waits between restarts: 100 ms, doubling with each one up to 10 s. */
export class BackOff {
  #endings = 0;

  /**
   * Milliseconds until the next start.
   * @param livedMs - how long the last process lived; after 10 s or more the waits begin anew
   */
  next(livedMs: number): number {
    if (livedMs >= MAX_MS) this.#endings = 0;
    return Math.min(MAX_MS, FIRST_MS * 2 ** this.#endings++);
  }
}
