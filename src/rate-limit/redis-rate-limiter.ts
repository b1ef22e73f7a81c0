// A rate limiter that counts in Redis, for several processes together.

import { bag, checkBag, checkNeeded } from '../options/bag.ts';
import { anObjectWith, aString } from '../options/rule.ts';
import { loadFlexible } from './flexible.ts';
import {
  INSURED,
  type InsuredRateLimiter,
  type InsuredRateLimiterOptions,
  type InsuredRateLimiterStats,
  insuredRateLimiter,
} from './insured-rate-limiter.ts';
import { memoryRateLimiter } from './memory-rate-limiter.ts';
import { consume, LIMIT, type RateLimit } from './window.ts';

/** The part of an ioredis client that is used. `new Redis(...)` and `new Cluster(...)` both fit. */
export interface RedisClient {
  readonly status: string;
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void;
}

/** Settings of {@link redisRateLimiter}. */
export interface RedisRateLimiterOptions extends RateLimit, Pick<InsuredRateLimiterOptions, 'timeoutMs'> {
  /** An ioredis client. The caller closes it and handles its `error` events. */
  readonly client: RedisClient;
  /**
   * Prefix of all keys in Redis. Limiters with different limits need different prefixes.
   * @defaultValue `'evenkeel'`
   */
  readonly prefix?: string;
  /**
   * The rate limiter that decides while Redis fails.
   * @defaultValue a `memoryRateLimiter` with the same limit in each process
   */
  readonly insurance?: InsuredRateLimiterOptions['insurance'];
}

const OPTIONS = bag<RedisRateLimiterOptions>({
  ...LIMIT,
  timeoutMs: INSURED.timeoutMs,
  client: {
    words: 'an ioredis client',
    holds: anObjectWith('defineCommand').holds,
    isSecret: true,
  },
  prefix: aString,
  insurance: INSURED.insurance,
});

/** The counters of a {@link RedisRateLimiter} since it was created. */
export type RedisRateLimiterStats = InsuredRateLimiterStats;

/** A rate limiter in Redis. */
export type RedisRateLimiter = InsuredRateLimiter;

/**
 * Allows each key `points` requests in a window, over all processes that share a Redis. Redis counts
 * atomically, by rate-limiter-flexible; keys expire by themselves. While Redis is not connected, fails or is
 * too slow, and for a second after that, the limiter `insurance` decides, so that requests are neither
 * rejected nor unlimited.
 * @throws RangeError or TypeError that names the option
 */
export function redisRateLimiter(options: RedisRateLimiterOptions): RedisRateLimiter {
  checkBag(options, OPTIONS, '', 'redisRateLimiter');
  checkNeeded(options, OPTIONS, '', ['client', 'points', 'durationMs']);
  const { client, points, durationMs, prefix = 'evenkeel', timeoutMs } = options;
  // Expiry times in Redis are whole seconds here; with less than a second no key would ever expire.
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
    take: async (key) => consume(await limiter, key, options),
    insurance: options.insurance ?? memoryRateLimiter({ points, durationMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}
