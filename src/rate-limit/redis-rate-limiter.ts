import { loadFlexible } from './flexible.ts';
import {
  type InsuredRateLimiter,
  type InsuredRateLimiterOptions,
  type InsuredRateLimiterStats,
  insuredRateLimiter,
} from './insured-rate-limiter.ts';
import { memoryRateLimiter } from './memory-rate-limiter.ts';
import { checkLimit, consume, type RateLimit } from './window.ts';

/** As much of an ioredis client as is needed; `new Redis(...)` and `new Cluster(...)` both fit. */
export interface RedisClient {
  readonly status: string;
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void;
}

/** Settings of {@link redisRateLimiter}. */
export interface RedisRateLimiterOptions extends RateLimit, Pick<InsuredRateLimiterOptions, 'timeoutMs'> {
  /** An ioredis client; whoever made it closes it, and listens to its errors. */
  readonly client: RedisClient;
  /** What the names of all keys in Redis begin with; limiters with different limits need different ones. @defaultValue `'evenkeel'` */
  readonly prefix?: string;
  /** Who decides while Redis cannot. @defaultValue a `memoryRateLimiter` with the same limit, for each process on its own */
  readonly insurance?: InsuredRateLimiterOptions['insurance'];
}

/** A limiter in Redis in numbers, since the beginning. */
export type RedisRateLimiterStats = InsuredRateLimiterStats;

/** Counts in Redis. */
export type RedisRateLimiter = InsuredRateLimiter;

/**
 * Allows each key so many requests in a window over all processes that share a Redis, which counts them in one step with
 * rate-limiter-flexible. Keys expire by themselves. While Redis is not connected, fails or is too slow, and for a second after
 * that, the insurance decides: requests are neither lost nor unlimited.
 * @throws RangeError or TypeError naming the option
 */
export function redisRateLimiter(options: RedisRateLimiterOptions): RedisRateLimiter {
  const { client, points, durationMs, prefix = 'evenkeel', timeoutMs } = options;
  checkLimit(options);
  if (typeof client?.defineCommand !== 'function') throw new TypeError('client must be an ioredis client');
  // Redis would be told whole seconds, and below one second nothing would ever expire.
  if (durationMs % 1_000 !== 0) {
    throw new RangeError(`durationMs must be a multiple of 1000, got ${durationMs}`);
  }
  const limiter = loadFlexible().then(
    ({ RateLimiterRedis }) =>
      new RateLimiterRedis({
        storeClient: client,
        points,
        duration: durationMs / 1_000,
        keyPrefix: prefix,
        rejectIfRedisNotReady: true,
      }),
  );
  limiter.catch(() => {});
  return insuredRateLimiter({
    take: async (key) => (await consume(await limiter, key, options)).verdict,
    insurance: options.insurance ?? memoryRateLimiter({ points, durationMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}
