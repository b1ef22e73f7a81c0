// Asks the gateway for its figures while the page can be seen.
import type { ApiError, Report } from './admin-api.ts';

/** What a poller works with. */
export interface PollerOptions {
  readonly load: () => Promise<Report>;
  readonly onReport: (report: Report) => void;
  /** @param retryMs - when the next try comes */
  readonly onFailure: (error: ApiError, retryMs: number) => void;
}

const EVERY_MS = 1_000;
const MAX_RETRY_MS = 15_000;

/** Asks every second; after failures after 1, 2, 4, ... seconds. */
export class Poller {
  readonly #options: PollerOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #isRunning = false;
  #isAsking = false;
  /** Whether `ask` was called while a call was under way. */
  #isAskedAgain = false;

  constructor(options: PollerOptions) {
    this.#options = options;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) clearTimeout(this.#timer);
      else if (this.#isRunning) this.ask();
    });
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  start(): void {
    this.#isRunning = true;
    this.ask();
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
  }

  /** Asks once, also when stopped. */
  ask(): void {
    clearTimeout(this.#timer);
    this.#isAskedAgain = this.#isAsking;
    if (!this.#isAsking) void this.#load();
  }

  async #load(): Promise<void> {
    this.#isAsking = true;
    const startedAt = performance.now();
    try {
      const report = await this.#options.load();
      this.#failures = 0;
      this.#options.onReport(report);
    } catch (error) {
      this.#failures++;
      this.#options.onFailure(error as ApiError, this.#waitMs);
    }
    this.#isAsking = false;
    if (this.#isAskedAgain) this.ask();
    else this.#plan(performance.now() - startedAt);
  }

  /** @param tookMs - how long the last try took: successful tries begin a second after each other */
  #plan(tookMs: number): void {
    if (!this.#isRunning || document.hidden) return;
    const waitMs = this.#failures === 0 ? Math.max(0, this.#waitMs - tookMs) : this.#waitMs;
    this.#timer = setTimeout(() => this.ask(), waitMs);
  }

  get #waitMs(): number {
    return this.#failures === 0 ? EVERY_MS : Math.min(MAX_RETRY_MS, EVERY_MS * 2 ** (this.#failures - 1));
  }
}
