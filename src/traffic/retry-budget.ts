/** Settings of a {@link RetryBudget}. */
export interface RetryBudgetOptions {
  /** How many retries may be in flight for each request in flight, from 0 to 1. @defaultValue 0.2 */
  readonly ratio?: number;
  /** How many retries may be in flight however few requests are. @defaultValue 3 */
  readonly floor?: number;
}

/**
 * Keeps retries from becoming a storm: if every backend fails, a retry for each request doubles the load when there is least
 * room for it. At most `max(floor, ratio * requests in flight)` retries are in flight at a time.
 *
 * @see Envoy, retry budgets; Finagle, RetryBudget
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #floor: number;
  #requests = 0;
  #retries = 0;

  /**
   * @param name - how messages call the budget
   * @throws RangeError where an option is out of range
   */
  constructor({ ratio = 0.2, floor = 3 }: RetryBudgetOptions = {}, name = 'budget') {
    if (!(ratio >= 0 && ratio <= 1))
      throw new RangeError(`${name}.ratio must be a number from 0 to 1, got ${ratio}`);
    if (!(Number.isInteger(floor) && floor >= 0)) {
      throw new RangeError(`${name}.floor must be an integer of at least 0, got ${floor}`);
    }
    this.#ratio = ratio;
    this.#floor = floor;
  }

  /** Retries in flight. */
  get retries(): number {
    return this.#retries;
  }

  /** A request has come. */
  requestBegan(): void {
    this.#requests++;
  }

  /** A request has ended. */
  requestEnded(): void {
    this.#requests--;
  }

  /** @returns whether there is room for one more retry; if so it is counted until {@link RetryBudget.retryEnded} */
  beginRetry(): boolean {
    if (this.#retries + 1 > Math.max(this.#floor, this.#ratio * this.#requests)) return false;
    this.#retries++;
    return true;
  }

  /** The head of a retry's response has come, or the retry has failed. */
  retryEnded(): void {
    this.#retries--;
  }
}
