// What all rate limiters share: the limit and its checks, and counting a request with rate-limiter-flexible.

import { hash } from 'node:crypto';
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { MAX_TIMEOUT_MS } from '../deadline.ts';
import type { RateLimitVerdict } from '../index.ts';

/** The limit for each key. */
export interface RateLimit {
  /** Requests allowed in one window, from 1 to 1,000,000,000. */
  readonly points: number;
  /** Length of a window in milliseconds, from 1 to 2,147,483,647 (24 days); in Redis a multiple of 1,000. */
  readonly durationMs: number;
}

/** A longer key is replaced by its digest, so that the size of keys is bounded. */
const MAX_KEY_CHARACTERS = 128;

/**
 * Counts a request of a key.
 * @throws the error of the store if it fails
 */
export async function consume(
  limiter: RateLimiterAbstract,
  key: string,
  { points, durationMs }: RateLimit,
): Promise<RateLimitVerdict> {
  const name = key.length > MAX_KEY_CHARACTERS ? `sha256 ${hash('sha256', key, 'base64url')}` : key;
  let allowed = true;
  const result = await limiter.consume(name).catch((thrown: unknown) => {
    // The library rejects with a result if the limit is exceeded.
    if (!isRefusal(thrown)) throw thrown;
    allowed = false;
    return thrown;
  });
  // The store uses the wall clock, which may have been set back.
  const resetMs = Math.min(durationMs, Math.max(0, result.msBeforeNext));
  return { allowed, limit: points, remaining: result.remainingPoints, resetMs };
}

function isRefusal(thrown: unknown): thrown is RateLimiterRes {
  return typeof (thrown as Partial<RateLimiterRes> | undefined)?.msBeforeNext === 'number';
}

/** @throws RangeError if a limit is out of range */
export function checkLimit({ points, durationMs }: RateLimit): void {
  checkInteger(points, 'points', 1, 1_000_000_000);
  // A platform timer with a longer delay would fire, and so end the window, at once.
  checkInteger(durationMs, 'durationMs', 1, MAX_TIMEOUT_MS);
}

/** @throws RangeError if an option is not an integer from `min` to `max` */
export function checkInteger(value: number, name: string, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} must be an integer from ${min} to ${max}, got ${String(value)}`);
}
