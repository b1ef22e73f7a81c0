// Names of the visitors.

const EVERY_MS = 25;
/** More requests in flight are not begun, so that slow backends do not pile them up. */
const MAX_IN_FLIGHT = 50;
const PAGES = 200;

/** A light stream of requests; some pages are far more popular than others. */
export class DemoTraffic {
  /** Requests without a response, or with a status of 500 or more. */
  failed = 0;
  readonly #url: string;
  readonly #stopped = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #inFlight = 0;

  /** @param url - of the gateway */
  constructor(url: string) {
    this.#url = url;
    this.#timer = setInterval(() => void this.#send(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopped.abort();
  }

  async #send(): Promise<void> {
    if (this.#inFlight >= MAX_IN_FLIGHT) return;
    this.#inFlight++;
    const page = Math.floor(Math.random() ** 3 * PAGES);
    try {
      const response = await fetch(`${this.#url}/pages/${page}`, { signal: this.#stopped.signal });
      await response.arrayBuffer();
      if (response.status >= 500) this.failed++;
    } catch {
      this.failed++;
    } finally {
      this.#inFlight--;
    }
  }
}
