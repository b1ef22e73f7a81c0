// The retry budget, which limits the share of retries among the requests in flight.

import { type Bag, bag, withDefaults } from '../options/bag.ts';
import { anInteger, aRatio } from '../options/rule.ts';

/** Settings of a {@link RetryBudget}. */
export interface RetryBudgetOptions {
  /** How many retries may be in flight for each request in flight, from 0 to 1. @defaultValue 0.2 */
  readonly ratio?: number;
  /** How many retries may be in flight in any case, however few requests are. @defaultValue 3 */
  readonly floor?: number;
}

/** The defaults. */
export const BUDGET_DEFAULTS: Required<RetryBudgetOptions> = { ratio: 0.2, floor: 3 };

/** The rules of the options. */
export const BUDGET: Bag<RetryBudgetOptions> = bag<RetryBudgetOptions>({
  ratio: aRatio,
  floor: anInteger(0),
});

/**
 * Prevents a retry storm: if every backend fails, a retry for each request would double the load at the worst
 * time. At most `max(floor, ratio * requests in flight)` retries are in flight at a time.
 *
 * @see Envoy, retry budgets; Finagle, RetryBudget
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #floor: number;
  #requests = 0;
  #retries = 0;

  /** @param options - checked by {@link BUDGET} */
  constructor(options: RetryBudgetOptions = {}) {
    const { ratio, floor } = withDefaults(options, BUDGET_DEFAULTS);
    this.#ratio = ratio;
    this.#floor = floor;
  }

  /** Retries in flight. */
  get retries(): number {
    return this.#retries;
  }

  /** Counts a request that began. */
  requestBegan(): void {
    this.#requests++;
  }

  /** Counts a request that ended. */
  requestEnded(): void {
    this.#requests--;
  }

  /**
   * @returns whether there is room for one more retry; if so it is counted until
   * {@link RetryBudget.retryEnded}
   */
  beginRetry(): boolean {
    if (this.#retries + 1 > Math.max(this.#floor, this.#ratio * this.#requests)) return false;
    this.#retries++;
    return true;
  }

  /** Counts the end of a retry: the head of its response was received, or it failed. */
  retryEnded(): void {
    this.#retries--;
  }
}
