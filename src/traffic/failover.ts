import { systemEnv } from '../env.ts';
import { FAILURE_STATUSES } from '../http/failure-statuses.ts';
import { shown } from '../shown.ts';
import { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';

/** Settings of failover. */
export interface FailoverOptions {
  /** How many more backends to try after the first, from 0 to 10. @defaultValue 1 */
  readonly retries?: number;
  /** Answers with these statuses are retried. @defaultValue 502, 503, 504 */
  readonly retryOn?: readonly number[];
  /** The wait before the first retry is random up to this many milliseconds; the limit doubles with each. @defaultValue 25 */
  readonly minDelayMs?: number;
  /** No wait is longer than this many milliseconds. @defaultValue 250 */
  readonly maxDelayMs?: number;
  /** Keeps retries in proportion to requests, so that they do not become a storm. @defaultValue see {@link RetryBudgetOptions} */
  readonly budget?: RetryBudgetOptions;
}

/** Why a request was, or was not, sent to another backend. */
export interface FailoverStats {
  /** Retries by what made them necessary: an answer's status, an error, or an error before anything was sent. */
  readonly retries: { readonly status: number; readonly error: number; readonly unsent: number };
  /** Failures that were not retried: the method forbids it, the retries are used up, or the budget is. */
  readonly declined: { readonly method: number; readonly exhausted: number; readonly budget: number };
}

/** What came of one attempt: an answer with its status, or an error. */
export type AttemptResult =
  | { readonly response: { readonly status: number }; readonly error?: undefined }
  | { readonly response?: undefined; readonly error: Error };

/** Methods that may be sent twice with the effect of once (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/**
 * Decides whether, and after what wait, a request goes to another backend. `Loadbalancer` has one of its own; use this one where you
 * move the bytes yourself with leases of a `Balancer`.
 */
export class Failover {
  /** Tell it of every request that begins and ends, and of every retry that ends. */
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
    const { retries = 1, retryOn = FAILURE_STATUSES, minDelayMs = 25, maxDelayMs = 250, budget } = options;
    if (!(Number.isInteger(retries) && retries >= 0 && retries <= 10)) {
      throw new RangeError(`failover.retries must be an integer from 0 to 10, got ${shown(retries)}`);
    }
    if (!(minDelayMs >= 0 && minDelayMs <= maxDelayMs && maxDelayMs <= 60_000)) {
      throw new RangeError(
        `failover.minDelayMs and maxDelayMs must be from 0 to 60000, the first no more than the second, got ${shown(minDelayMs)} and ${shown(maxDelayMs)}`,
      );
    }
    this.budget = new RetryBudget(budget, 'failover.budget');
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

  /**
   * What to do after an attempt.
   * @param made - how many attempts were made, this one included
   * @returns milliseconds to wait before the next attempt, which is counted in the budget from now on; `undefined` where the result
   * stands
   */
  delayAfter(request: { readonly method: string }, result: AttemptResult, made: number): number | undefined {
    const unsent = result.error !== undefined && isUnsent(result.error);
    if (result.response !== undefined && !this.#retryOn.has(result.response.status)) return undefined;
    if (!unsent && !IDEMPOTENT.has(request.method)) return this.#decline('method');
    if (made > this.#limit) return this.#decline('exhausted');
    if (!this.budget.beginRetry()) return this.#decline('budget');
    this.#retries[result.response !== undefined ? 'status' : unsent ? 'unsent' : 'error']++;
    // Full jitter: clients that failed together must not come back together.
    return this.#random() * Math.min(this.#maxDelayMs, this.#minDelayMs * 2 ** (made - 1));
  }

  #decline(reason: keyof FailoverStats['declined']): undefined {
    this.#declined[reason]++;
    return undefined;
  }
}

/** Whether an HTTP service vouches that nothing was sent when it failed. */
function isUnsent(error: Error): boolean {
  return (error as { requestSent?: unknown }).requestSent === false;
}
