import { systemEnv } from '../env.ts';
import { FAILURE_STATUSES } from '../http/failure-statuses.ts';
import { aBag, type Bag, bag, checkBag, withDefaults } from '../options/bag.ts';
import { aListOf, aNumber, anInteger, checkRule, type Rule } from '../options/rule.ts';
import { BUDGET, BUDGET_DEFAULTS, RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';

/** Settings of failover. */
export interface FailoverOptions {
  /** How many more backends to try after the first, from 0 to 10. @defaultValue 1 */
  readonly retries?: number;
  /** Responses with these statuses are retried. @defaultValue 502, 503, 504 */
  readonly retryOn?: readonly number[];
  /** The wait before the first retry is random up to this many milliseconds; the limit doubles with each. @defaultValue 25 */
  readonly minDelayMs?: number;
  /** No wait is longer than this many milliseconds. @defaultValue 250 */
  readonly maxDelayMs?: number;
  /** Keeps retries in proportion to requests, so that they do not become a storm. @defaultValue see {@link RetryBudgetOptions} */
  readonly budget?: RetryBudgetOptions;
}

/** What is not given. */
export const FAILOVER_DEFAULTS = {
  retries: 1,
  retryOn: FAILURE_STATUSES,
  minDelayMs: 25,
  maxDelayMs: 250,
  budget: BUDGET_DEFAULTS,
} satisfies FailoverOptions;

const aDelay: Rule = aNumber('a number of milliseconds from 0 to 60000', (ms) => ms >= 0 && ms <= 60_000);

/** What the options of failover must be. */
export const FAILOVER: Bag<FailoverOptions> = bag<FailoverOptions>({
  retries: anInteger(0, 10),
  retryOn: aListOf(anInteger(100, 999)),
  minDelayMs: aDelay,
  maxDelayMs: aDelay,
  budget: aBag(BUDGET),
});

/** Why a request was, or was not, sent to another backend. */
export interface FailoverStats {
  /** Retries by what made them necessary: a response's status, an error, or an error before anything was sent. */
  readonly retries: { readonly status: number; readonly error: number; readonly unsent: number };
  /** Failures that were not retried: the method forbids it, the retries are used up, or the budget is. */
  readonly declined: { readonly method: number; readonly exhausted: number; readonly budget: number };
}

/** Why a request is sent to another backend: a response's status, an error, or an error before anything was sent. */
export type RetryCause = 'status' | 'error' | 'unsent';

/** Methods that may be sent twice with the effect of once (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** The rules of retries: which failures are worth one, how many are allowed, and how long each waits. */
export class Failover {
  /** Must be told of every request that begins and ends, and of every retry that ends. */
  readonly budget: RetryBudget;
  readonly #limit: number;
  readonly #retryOn: ReadonlySet<number>;
  readonly #minDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #random: () => number;
  readonly #retries = { status: 0, error: 0, unsent: 0 };
  readonly #declined = { method: 0, exhausted: 0, budget: 0 };

  /** @throws RangeError where an option is out of range */
  constructor(options: FailoverOptions = {}, random: () => number = systemEnv.random) {
    checkBag(options, FAILOVER, 'failover');
    const settings = withDefaults(options, FAILOVER_DEFAULTS);
    const { retries, retryOn, minDelayMs, maxDelayMs, budget } = settings;
    const isLongEnough = aNumber('a number of milliseconds of at least minDelayMs', (ms) => ms >= minDelayMs);
    checkRule(isLongEnough, maxDelayMs, 'failover.maxDelayMs');
    this.budget = new RetryBudget(budget);
    this.#limit = retries;
    this.#retryOn = new Set(retryOn);
    this.#minDelayMs = minDelayMs;
    this.#maxDelayMs = maxDelayMs;
    this.#random = random;
  }

  /** What happened so far. */
  get stats(): FailoverStats {
    return { retries: { ...this.#retries }, declined: { ...this.#declined } };
  }

  /** Whether a response of this status is retried. */
  retriesOn(status: number): boolean {
    return this.#retryOn.has(status);
  }

  /**
   * Whether another attempt may follow. An attempt that sent nothing is free: each backend gets one at most, so that it cannot
   * become a storm, and neither limit nor budget apply.
   * @param method - `undefined` if the request cannot be sent again
   * @param charged - retries that this request has had, without free ones
   * @returns whether it may; a retry that is not free then has a place in the budget until `budget.retryEnded`
   */
  begin(cause: RetryCause, method: string | undefined, charged: number): boolean {
    const isFree = cause === 'unsent';
    if (method === undefined || !(isFree || IDEMPOTENT.has(method))) return this.#decline('method');
    if (this.#limit === 0 || (!isFree && charged >= this.#limit)) return this.#decline('exhausted');
    if (!isFree && !this.budget.beginRetry()) return this.#decline('budget');
    return true;
  }

  /**
   * Counts a retry for which there is a backend.
   * @param charged - as for {@link Failover.begin}
   * @returns milliseconds to wait before it
   */
  count(cause: RetryCause, charged: number): number {
    this.#retries[cause]++;
    // Full jitter: clients that failed together must not come back together.
    return this.#random() * Math.min(this.#maxDelayMs, this.#minDelayMs * 2 ** charged);
  }

  #decline(reason: keyof FailoverStats['declined']): false {
    this.#declined[reason]++;
    return false;
  }
}
