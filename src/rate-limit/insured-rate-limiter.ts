import type { RateLimiter, RateLimitVerdict } from '../index.ts';
import { checkInteger } from './window.ts';

/** Settings of {@link insuredRateLimiter}. */
export interface InsuredRateLimiterOptions {
  /** Counts a request of a key somewhere else; rejects where that cannot be done. */
  readonly take: (key: string) => Promise<RateLimitVerdict>;
  /** Who decides meanwhile. */
  readonly insurance: RateLimiter;
  /** Milliseconds for an answer, from 1 to 60,000. @defaultValue 250 */
  readonly timeoutMs?: number;
}

/** An insured limiter in numbers, since the beginning. */
export interface InsuredRateLimiterStats {
  /** Requests within the limit. */
  readonly allowed: number;
  /** Requests beyond it. */
  readonly limited: number;
  /** Requests on which the insurance decided. */
  readonly insured: number;
}

/** Counts somewhere else, where that works. */
export interface InsuredRateLimiter extends RateLimiter {
  /** What happened so far. */
  readonly stats: InsuredRateLimiterStats;
}

/** After a failure, the other side is left alone for this long: requests must not wait for it one by one. */
const PAUSE_MS = 1_000;

/**
 * Counts requests somewhere else, for example in a store of your own. While that fails or is too slow, and for a second after that, the
 * insurance decides: requests are neither lost nor unlimited.
 * @throws RangeError naming the option
 */
export function insuredRateLimiter(options: InsuredRateLimiterOptions): InsuredRateLimiter {
  const { take, insurance, timeoutMs = 250 } = options;
  checkInteger(timeoutMs, 'timeoutMs', 1, 60_000);
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

/** @throws Error when the time is up */
function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
