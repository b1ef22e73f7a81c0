import { hash } from 'node:crypto';
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { MAX_TIMEOUT_MS } from '../deadline.ts';
import type { RateLimitVerdict } from '../index.ts';

/** How much each key may do. */
export interface RateLimit {
  /** Requests in one window, from 1 to 1,000,000,000. */
  readonly points: number;
  /** Milliseconds of a window, from 1 to 2,147,483,647 (24 days); in Redis, whole seconds. */
  readonly durationMs: number;
}

/** What came of counting one request. */
export interface Consumption {
  readonly verdict: RateLimitVerdict;
  /** Whether a window has begun with it. */
  readonly isFirst: boolean;
}

/** Longer keys are counted by their digest, so that a key has a size. */
const MAX_KEY_CHARACTERS = 128;

/**
 * Counts one request.
 * @throws what the store throws, where it could not be asked
 */
export async function consume(
  limiter: RateLimiterAbstract,
  key: string,
  { points, durationMs }: RateLimit,
): Promise<Consumption> {
  const name = key.length > MAX_KEY_CHARACTERS ? `sha256 ${hash('sha256', key, 'base64url')}` : key;
  let allowed = true;
  const result = await limiter.consume(name).catch((thrown: unknown) => {
    // A refusal comes as a rejection with a result.
    if (!isRefusal(thrown)) throw thrown;
    allowed = false;
    return thrown;
  });
  // The store counts by the wall clock, which may have been set back.
  const resetMs = Math.min(durationMs, Math.max(0, result.msBeforeNext));
  return {
    verdict: { allowed, limit: points, remaining: result.remainingPoints, resetMs },
    isFirst: result.isFirstInDuration,
  };
}

function isRefusal(thrown: unknown): thrown is RateLimiterRes {
  return typeof (thrown as Partial<RateLimiterRes> | undefined)?.msBeforeNext === 'number';
}

/** @throws RangeError where a limit is out of range */
export function checkLimit({ points, durationMs }: RateLimit): void {
  checkInteger(points, 'points', 1, 1_000_000_000);
  // Platform timers cannot hold more, and would end the window at once.
  checkInteger(durationMs, 'durationMs', 1, MAX_TIMEOUT_MS);
}

/** @throws RangeError where an option is not an integer of a range */
export function checkInteger(value: number, name: string, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} must be an integer from ${min} to ${max}, got ${String(value)}`);
}
