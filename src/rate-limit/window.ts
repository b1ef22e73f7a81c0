// What all rate limiters share: the limit and its checks, and counting a request with rate-limiter-flexible.

import { hash } from 'node:crypto';
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { MAX_TIMEOUT_MS } from '../deadline.ts';
import type { RateLimitVerdict } from '../index.ts';
import type { Shape } from '../options/bag.ts';
import { anInteger, aString } from '../options/rule.ts';

/** The limit for each key. */
export interface RateLimit {
  /** Requests allowed in one window, from 1 to 1,000,000,000. */
  readonly points: number;
  /** Length of a window in milliseconds, from 1 to 2,147,483,647 (24 days); in Redis a multiple of 1,000. */
  readonly durationMs: number;
  /** What the limit is called; for the caller's own use. @defaultValue none */
  readonly name?: string;
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

/** What a limit must be. */
export const LIMIT: Shape<RateLimit> = {
  name: aString,
  points: anInteger(1, 1_000_000_000),
  // A platform timer with a longer delay would fire, and so end the window, at once.
  durationMs: anInteger(1, MAX_TIMEOUT_MS),
};
