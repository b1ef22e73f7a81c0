/** How many times as long as making a report takes, nothing is made after it. */
const REST = 9;
/** No rest is longer, in milliseconds. */
const MAX_REST_MS = 1_000;

/**
 * A report that takes a tenth of the time at most, however many ask for it: whoever asks while one was just made gets the next one, together with
 * all others who asked. What anybody gets was made after they asked.
 */
export class PacedReport {
  readonly #make: () => Promise<string>;
  #next: Promise<string> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #restUntil = 0;

  constructor(make: () => Promise<string>) {
    this.#make = make;
  }

  /** @throws what making it throws */
  get(): Promise<string> {
    this.#next ??= this.#after(this.#last);
    return this.#next;
  }

  async #after(last: Promise<unknown>): Promise<string> {
    await last;
    const restMs = this.#restUntil - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs).unref());
    this.#next = undefined;
    const since = performance.now();
    const made = this.#make();
    this.#last = made.then(
      () => this.#rest(since),
      () => this.#rest(since),
    );
    return made;
  }

  #rest(since: number): void {
    const now = performance.now();
    this.#restUntil = now + Math.min(MAX_REST_MS, REST * (now - since));
  }
}
