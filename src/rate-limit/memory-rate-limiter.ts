import { randomBytes } from 'node:crypto';
import { hashKey, type RateLimiter } from '../index.ts';
import { loadFlexible } from './flexible.ts';
import { checkInteger, checkLimit, consume, type RateLimit } from './window.ts';

/** Settings of {@link memoryRateLimiter}. */
export interface MemoryRateLimiterOptions extends RateLimit {
  /** How many keys are counted one by one, from 0 to 10,000,000. @defaultValue 100,000, about 60 MB when all are in use */
  readonly maxKeys?: number;
}

/** A limiter in memory in numbers. */
export interface MemoryRateLimiterStats {
  /** Requests within the limit, since the beginning. */
  readonly allowed: number;
  /** Requests beyond it. */
  readonly limited: number;
  /** Requests that were counted together with those of other keys, for want of room. */
  readonly crowded: number;
  /** Keys that are counted one by one now. */
  readonly keys: number;
}

/** Counts in the memory of one process. */
export interface MemoryRateLimiter extends RateLimiter {
  /** What happened so far. */
  readonly stats: MemoryRateLimiterStats;
}

/** How many counters those share for whom there is no room. */
const CROWDS = 1_024;

/**
 * Allows each key so many requests in a window, which begins with the key's first request: in any time t, no more than
 * `points * (ceil(t / durationMs) + 1)`. Each process counts for itself: n of them allow n times as much. Built on
 * rate-limiter-flexible, which keeps every key until its window ends, however many there are. Here, `maxKeys` bounds them, and nobody is
 * evicted, since that would give an exhausted key a new start: keys beyond share 1,024 counters by a secret hash until others end.
 * Expected O(1).
 * @throws RangeError where an option is out of range
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
  /** When each window ends; they all last equally long, so that the first to begin is the first to end. */
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
      // Taken before anybody waits, so that requests that come together cannot take more places than there are.
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
