// Bounds the work of a report that many callers ask for.

/** After a report, nothing is made for this many times as long as it took. */
const REST = 9;
/** The longest rest, in milliseconds. */
const MAX_REST_MS = 1_000;

/**
 * Makes a report, for at most a tenth of the time, however many callers ask. Calls during a rest share the
 * next report; every caller gets a report that was begun after the call.
 */
export class PacedReport {
  readonly #make: () => Promise<string>;
  #next: Promise<string> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #restUntil = 0;

  constructor(make: () => Promise<string>) {
    this.#make = make;
  }

  /** @throws the error of the report */
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
