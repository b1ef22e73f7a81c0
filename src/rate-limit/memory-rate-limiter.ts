// A rate limiter in the memory of one process.

import { randomBytes } from 'node:crypto';

import type { RateLimiter } from '../index.ts';
import { hashKey } from '../internal.ts';
import { loadFlexible } from './flexible.ts';
import { checkInteger, checkLimit, consume, type RateLimit } from './window.ts';

/** Settings of {@link memoryRateLimiter}. */
export interface MemoryRateLimiterOptions extends RateLimit {
  /**
   * How many keys have a counter of their own, from 0 to 10,000,000.
   * @defaultValue 100,000, about 60 MB if all are in use
   */
  readonly maxKeys?: number;
}

/** The counters of a {@link MemoryRateLimiter}. */
export interface MemoryRateLimiterStats {
  /** Requests within the limit, since it was created. */
  readonly allowed: number;
  /** Requests beyond it. */
  readonly limited: number;
  /** Requests whose key had to share a counter with other keys. */
  readonly crowded: number;
  /** Keys that have a counter of their own now. */
  readonly keys: number;
}

/** A rate limiter in the memory of one process. */
export interface MemoryRateLimiter extends RateLimiter {
  /** The counters so far. */
  readonly stats: MemoryRateLimiterStats;
}

/** Number of counters that the keys beyond `maxKeys` share. */
const CROWDS = 1_024;

/**
 * Allows each key `points` requests in a window of `durationMs`, which begins with the first request of the
 * key. So in any time t, at most `points * (ceil(t / durationMs) + 1)` requests are allowed. Each process
 * counts for itself: n processes allow n times as many.
 *
 * Built on rate-limiter-flexible, which keeps every key until its window ends, however many keys there are.
 * Here `maxKeys` bounds them. No key is evicted, since an evicted key would get a new window. Instead, keys
 * beyond `maxKeys` share 1,024 counters by a secret hash, until other windows end. Expected O(1).
 * @throws RangeError if an option is out of range
 */
export function memoryRateLimiter(options: MemoryRateLimiterOptions): MemoryRateLimiter {
  const { points, durationMs, maxKeys = 100_000 } = options;
  checkLimit(options);
  checkInteger(maxKeys, 'maxKeys', 0, 10_000_000);
  const counters = loadFlexible().then(({ RateLimiterMemory }) => {
    const settings = { points, duration: durationMs / 1_000 };
    return { single: new RateLimiterMemory(settings), crowds: new RateLimiterMemory(settings) };
  });
  counters.catch(() => {});
  const seed = randomBytes(4).readInt32LE();
  /** End of each key's window. All windows have the same length, so the map is ordered by end. */
  const windows = new Map<string, number>();
  const counts = { allowed: 0, limited: 0, crowded: 0 };

  const forgetEnded = (now: number) => {
    for (const [key, endsAt] of windows) {
      if (endsAt > now) break;
      windows.delete(key);
    }
  };

  return {
    async take(key) {
      const now = performance.now();
      forgetEnded(now);
      const isKnown = windows.has(key);
      const isSingle = isKnown || windows.size < maxKeys;
      if (!isSingle) counts.crowded++;
      // Recorded before the await, so that concurrent requests cannot exceed `maxKeys`.
      else if (!isKnown) windows.set(key, now + durationMs);
      const { single, crowds } = await counters;
      const { verdict, isFirst } = await (isSingle
        ? consume(single, key, options)
        : consume(crowds, String(hashKey(key, seed) & (CROWDS - 1)), options));
      if (isKnown && isFirst) {
        windows.delete(key);
        windows.set(key, now + durationMs);
      }
      counts[verdict.allowed ? 'allowed' : 'limited']++;
      return verdict;
    },
    get stats() {
      forgetEnded(performance.now());
      return { ...counts, keys: windows.size };
    },
  };
}
