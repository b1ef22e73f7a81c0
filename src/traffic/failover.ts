// The rules of failover: which failures are retried, how often, and after which wait.

import { systemEnv } from '../env.ts';
import { FAILURE_STATUSES } from '../http/failure-statuses.ts';
import { aBag, type Bag, bag, checkBag, withDefaults } from '../options/bag.ts';
import { aListOf, aNumber, anInteger, checkRule, type Rule } from '../options/rule.ts';
import { BUDGET, BUDGET_DEFAULTS, RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';

/** Settings of failover. */
export interface FailoverOptions {
  /** The most retries of a request, each on another backend, from 0 to 10. @defaultValue 1 */
  readonly retries?: number;
  /** Responses with these statuses are retried. @defaultValue 502, 503, 504 */
  readonly retryOn?: readonly number[];
  /**
   * The wait before the first retry is random, up to this many milliseconds. The limit doubles with each
   * further retry.
   * @defaultValue 25
   */
  readonly minDelayMs?: number;
  /** The longest wait before a retry, in milliseconds. @defaultValue 250 */
  readonly maxDelayMs?: number;
  /**
   * Limits retries in proportion to requests, to prevent a retry storm.
   * @defaultValue see {@link RetryBudgetOptions}
   */
  readonly budget?: RetryBudgetOptions;
}

/** The defaults. */
export const FAILOVER_DEFAULTS = {
  retries: 1,
  retryOn: FAILURE_STATUSES,
  minDelayMs: 25,
  maxDelayMs: 250,
  budget: BUDGET_DEFAULTS,
} satisfies FailoverOptions;

const aDelay: Rule = aNumber('a number of milliseconds from 0 to 60000', (ms) => ms >= 0 && ms <= 60_000);

/** The rules of the options. */
const FAILOVER: Bag<FailoverOptions> = bag<FailoverOptions>({
  retries: anInteger(0, 10),
  retryOn: aListOf(anInteger(100, 999)),
  minDelayMs: aDelay,
  maxDelayMs: aDelay,
  budget: aBag(BUDGET),
});

/** The same as a part of other options. A bare number is probably meant as the number of retries. */
export const FAILOVER_RULE: Rule = {
  ...aBag(FAILOVER),
  hint: (value) => (typeof value === 'number' ? `; did you mean { retries: ${value} }?` : ''),
};

/** The counters of failover. */
export interface FailoverStats {
  /** Retries by their cause. */
  readonly retries: Readonly<Record<RetryCause, number>>;
  /**
   * Failures that were not retried: because of the method, because all retries were used, or because of the
   * budget.
   */
  readonly declined: { readonly method: number; readonly exhausted: number; readonly budget: number };
}

/**
 * The cause of a retry: the status of a response, an error, an error before anything was sent, or the failure
 * of a trial.
 */
export type RetryCause = 'status' | 'error' | 'unsent' | 'trial';

/**
 * Whether a retry is free: neither limit nor budget apply. An attempt that sent nothing happens once for each
 * backend. A trial happens once for each request, and one at a time for each backend that fails.
 */
export function isFree(cause: RetryCause): boolean {
  return cause === 'unsent' || cause === 'trial';
}

/** {@link FailoverStats} while they grow. */
export interface FailoverCounts {
  readonly retries: Record<RetryCause, number>;
  readonly declined: Record<keyof FailoverStats['declined'], number>;
}

/** Counters at 0. */
export function failoverCounts(): FailoverCounts {
  return {
    retries: { status: 0, error: 0, unsent: 0, trial: 0 },
    declined: { method: 0, exhausted: 0, budget: 0 },
  };
}

/** The counters so far. */
export function failoverStats({ retries, declined }: FailoverCounts): FailoverStats {
  return { retries: { ...retries }, declined: { ...declined } };
}

/** Idempotent methods, which may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** The rules of retries: which failures are retried, how often, and after which wait. */
export class Failover {
  /** The retry budget. Its users report the begin and end of every request, and the end of every retry. */
  readonly budget: RetryBudget;
  readonly #limit: number;
  readonly #retryOn: ReadonlySet<number>;
  readonly #minDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #random: () => number;
  readonly #counts: FailoverCounts;

  /**
   * @param counts - where to count; several may count together
   * @throws RangeError if an option is out of range
   */
  constructor(
    options: FailoverOptions = {},
    random: () => number = systemEnv.random,
    counts: FailoverCounts = failoverCounts(),
  ) {
    this.#counts = counts;
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

  /** The counters so far. */
  get stats(): FailoverStats {
    return failoverStats(this.#counts);
  }

  /** Whether a response of this status is retried. */
  retriesOn(status: number): boolean {
    return this.#retryOn.has(status);
  }

  /** Whether a request of this method is sent again if it fails after it was sent. */
  repeats(method: string): boolean {
    return this.#limit > 0 && IDEMPOTENT.has(method);
  }

  /**
   * Whether a retry is allowed. Neither limit nor budget apply to one that is free.
   * @param method - `undefined` if the request cannot be sent again
   * @param charged - number of retries of this request so far, without free ones
   * @returns whether it is allowed. A retry that is not free then counts in the budget until
   * `budget.retryEnded`
   */
  begin(cause: RetryCause, method: string | undefined, charged: number): boolean {
    const costs = !isFree(cause);
    if (method === undefined || !(cause === 'unsent' || IDEMPOTENT.has(method)))
      return this.#decline('method');
    if (this.#limit === 0 || (costs && charged >= this.#limit)) return this.#decline('exhausted');
    if (costs && !this.budget.beginRetry()) return this.#decline('budget');
    return true;
  }

  /**
   * Whether a request that still waits for its first response may move on: as `begin`, but nothing has failed
   * that could be counted as declined.
   */
  mayMove(method: string, charged: number): boolean {
    return this.repeats(method) && charged < this.#limit && this.budget.beginRetry();
  }

  /**
   * Counts a retry for which a backend was found.
   * @param charged - as for {@link Failover.begin}
   * @returns milliseconds to wait before it
   */
  count(cause: RetryCause, charged: number): number {
    this.#counts.retries[cause]++;
    // The client has waited for a trial, which it did not ask for.
    if (cause === 'trial') return 0;
    // Full jitter, so that requests that failed at the same time are not retried at the same time.
    return this.#random() * Math.min(this.#maxDelayMs, this.#minDelayMs * 2 ** charged);
  }

  #decline(reason: keyof FailoverStats['declined']): false {
    this.#counts.declined[reason]++;
    return false;
  }
}
