// A rate limiter that counts in an external store, with a local one as a fallback.

import type { RateLimiter, RateLimitVerdict } from '../index.ts';
import { bag, checkBag, checkNeeded, type Shape } from '../options/bag.ts';
import { aFunction, anInteger, anObjectWith } from '../options/rule.ts';

/** Settings of {@link insuredRateLimiter}. */
export interface InsuredRateLimiterOptions {
  /** Counts a request of a key in the external store; rejects if the store fails. */
  readonly take: (key: string) => Promise<RateLimitVerdict>;
  /** The rate limiter that decides while the store fails. */
  readonly insurance: RateLimiter;
  /** Time limit for the store, in milliseconds, from 1 to 60,000. @defaultValue 250 */
  readonly timeoutMs?: number;
}

/** What the options of an insured limiter must be. */
export const INSURED: Shape<InsuredRateLimiterOptions> = {
  take: aFunction,
  insurance: anObjectWith('take'),
  timeoutMs: anInteger(1, 60_000),
};

const OPTIONS = bag<InsuredRateLimiterOptions>(INSURED);

/** The counters of an {@link InsuredRateLimiter} since it was created. */
export interface InsuredRateLimiterStats {
  /** Requests within the limit. */
  readonly allowed: number;
  /** Requests beyond it. */
  readonly limited: number;
  /** Requests on which the fallback decided. */
  readonly insured: number;
}

/** A rate limiter with a fallback. */
export interface InsuredRateLimiter extends RateLimiter {
  /** The counters so far. */
  readonly stats: InsuredRateLimiterStats;
}

/**
 * The store is not asked for this many milliseconds after a failure, so that not every request waits for it.
 */
const PAUSE_MS = 1_000;

/**
 * A rate limiter that counts requests in an external store, for example one of your own. While the store
 * fails or is too slow, and for a second after that, the limiter `insurance` decides, so that requests are
 * neither rejected nor unlimited.
 * @throws RangeError that names the option
 */
export function insuredRateLimiter(options: InsuredRateLimiterOptions): InsuredRateLimiter {
  checkBag(options, OPTIONS, '', 'insuredRateLimiter');
  checkNeeded(options, OPTIONS, '', ['take', 'insurance']);
  const { take, insurance, timeoutMs = 250 } = options;
  const counts = { allowed: 0, limited: 0, insured: 0 };
  let pausedUntil = Number.NEGATIVE_INFINITY;

  const decide = async (key: string): Promise<RateLimitVerdict> => {
    if (performance.now() >= pausedUntil) {
      try {
        return await within(timeoutMs, take(key));
      } catch {
        pausedUntil = performance.now() + PAUSE_MS;
      }
    }
    counts.insured++;
    return insurance.take(key);
  };

  return {
    async take(key) {
      const verdict = await decide(key);
      counts[verdict.allowed ? 'allowed' : 'limited']++;
      return verdict;
    },
    get stats() {
      return { ...counts };
    },
  };
}

/** Waits for a promise. @throws Error if the time is up */
function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no response within ${timeoutMs} ms`)), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
