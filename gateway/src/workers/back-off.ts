const FIRST_MS = 100;
const MAX_MS = 10_000;

/** How long to wait before something that keeps ending is started again: 100 ms, and twice as long each time, up to 10 s. */
export class BackOff {
  #endings = 0;

  /** @param livedMs - how long it lasted; 10 s and more were no failure, and the waits begin anew */
  next(livedMs: number): number {
    if (livedMs >= MAX_MS) this.#endings = 0;
    return Math.min(MAX_MS, FIRST_MS * 2 ** this.#endings++);
  }
}
