import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RateLimiter, RateLimitVerdict } from '../index.ts';
import { memoryRateLimiter } from './memory-rate-limiter.ts';
import { checkInteger, checkLimit, consume, type RateLimit } from './window.ts';

/** As much of an ioredis client as is needed; `new Redis(...)` and `new Cluster(...)` both fit. */
export interface RedisClient {
  readonly status: string;
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void;
}

/** Settings of {@link redisRateLimiter}. */
export interface RedisRateLimiterOptions extends RateLimit {
  /** An ioredis client; whoever made it closes it, and listens to its errors. */
  readonly client: RedisClient;
  /** What the names of all keys in Redis begin with; limiters with different limits need different ones. @defaultValue `'evenkeel'` */
  readonly prefix?: string;
  /** Milliseconds for an answer from Redis, from 1 to 60,000. @defaultValue 250 */
  readonly timeoutMs?: number;
  /** Who decides while Redis cannot. @defaultValue a {@link memoryRateLimiter} with the same limit, for each process on its own */
  readonly insurance?: RateLimiter;
}

/** A limiter in Redis in numbers, since the beginning. */
export interface RedisRateLimiterStats {
  /** Requests within the limit. */
  readonly allowed: number;
  /** Requests beyond it. */
  readonly limited: number;
  /** Requests on which the insurance decided. */
  readonly insured: number;
}

/** Counts in Redis. */
export interface RedisRateLimiter extends RateLimiter {
  /** What happened so far. */
  readonly stats: RedisRateLimiterStats;
}

/** After a failure, Redis is left alone for this long: requests must not wait for it one by one. */
const PAUSE_MS = 1_000;

/**
 * Allows each key so many requests in a window over all processes that share a Redis, which counts them in one step with
 * rate-limiter-flexible. Keys expire by themselves. While Redis is not connected, fails or is too slow, and for a second after
 * that, the insurance decides: requests are neither lost nor unlimited.
 * @throws RangeError or TypeError naming the option
 */
export function redisRateLimiter(options: RedisRateLimiterOptions): RedisRateLimiter {
  const { client, points, durationMs, prefix = 'evenkeel', timeoutMs = 250 } = options;
  checkLimit(options);
  if (typeof client?.defineCommand !== 'function') throw new TypeError('client must be an ioredis client');
  // Redis would be told whole seconds, and below one second nothing would ever expire.
  if (durationMs % 1_000 !== 0) {
    throw new RangeError(`durationMs must be a multiple of 1000, got ${durationMs}`);
  }
  checkInteger(timeoutMs, 'timeoutMs', 1, 60_000);
  const insurance = options.insurance ?? memoryRateLimiter({ points, durationMs });
  const limiter = new RateLimiterRedis({
    storeClient: client,
    points,
    duration: durationMs / 1_000,
    keyPrefix: prefix,
    rejectIfRedisNotReady: true,
  });
  const counts = { allowed: 0, limited: 0, insured: 0 };
  let pausedUntil = Number.NEGATIVE_INFINITY;

  const decide = async (key: string): Promise<RateLimitVerdict> => {
    if (performance.now() >= pausedUntil) {
      try {
        return (await within(timeoutMs, consume(limiter, key, options))).verdict;
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
