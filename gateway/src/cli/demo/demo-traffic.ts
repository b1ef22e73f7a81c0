import { Pool } from 'undici';

const EVERY_MS = 25;
/** Beyond that a request is left out: what is slow must not pile up. */
const MAX_IN_FLIGHT = 50;
const PAGES = 200;

/** A light stream of requests, some pages far more often than others. */
export class DemoTraffic {
  /** Requests that got no answer, or one of 500 or more. */
  failed = 0;
  readonly #client: Pool;
  readonly #timer: NodeJS.Timeout;
  #inFlight = 0;

  /** @param url - of the gateway */
  constructor(url: string) {
    this.#client = new Pool(url, { pipelining: 1 });
    this.#timer = setInterval(() => void this.#send(), EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#client.destroy();
  }

  async #send(): Promise<void> {
    if (this.#inFlight >= MAX_IN_FLIGHT) return;
    this.#inFlight++;
    const page = Math.floor(Math.random() ** 3 * PAGES);
    try {
      const { statusCode, body } = await this.#client.request({ method: 'GET', path: `/pages/${page}` });
      await body.dump();
      if (statusCode >= 500) this.failed++;
    } catch {
      this.failed++;
    } finally {
      this.#inFlight--;
    }
  }
}
