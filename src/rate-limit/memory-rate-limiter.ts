// A rate limiter in the memory of one process.

import type { RateLimiter } from '../index.ts';
import { bag, checkBag, checkNeeded } from '../options/bag.ts';
import { anInteger } from '../options/rule.ts';
import { LIMIT, type RateLimit } from './window.ts';
import { WindowTable } from './window-table.ts';

/** Settings of {@link memoryRateLimiter}. */
export interface MemoryRateLimiterOptions extends RateLimit {
  /**
   * How many keys have a counter of their own, from 0 to 10,000,000; rounded up to a multiple of 8.
   * @defaultValue 100,000, which takes 2 MB, and 10 MB once there are more keys
   */
  readonly maxKeys?: number;
}

const OPTIONS = bag<MemoryRateLimiterOptions>({ ...LIMIT, maxKeys: anInteger(0, 10_000_000) });

/** The counters of a {@link MemoryRateLimiter}. */
export interface MemoryRateLimiterStats {
  /** Requests within the limit, since it was created. */
  readonly allowed: number;
  /** Requests beyond it. */
  readonly limited: number;
  /**
   * How often a key lost its counter to another one before its window ended; it is counted on, in cells that
   * keys share.
   */
  readonly evicted: number;
  /** Keys that have a counter of their own now. Read in O(maxKeys). */
  readonly keys: number;
}

/** A rate limiter in the memory of one process. */
export interface MemoryRateLimiter extends RateLimiter {
  /** The counters so far. */
  readonly stats: MemoryRateLimiterStats;
}

/**
 * Allows each key `points` requests in a window of `durationMs`, which begins with the first request of the
 * key. So in any time t, at most `points * (ceil(t / durationMs) + 1)` requests are allowed. Each process
 * counts for itself: n processes allow n times as many.
 *
 * The memory is fixed by `maxKeys`, whatever keys come: each is kept as a digest of 64 bits, with a secret in
 * it, in a table of 20 bytes an entry. If there are more keys, a new one takes the counter of one that has
 * used few requests, so that clients who invent keys do not lock others out. The count that is replaced goes
 * into cells which several keys share, 64 to 128 bytes for each of `maxKeys`, until its window ends: a key
 * that was refused stays refused. Only where far more than `maxKeys` keys have used up all of their requests
 * in one window may a new key be refused for theirs. Every request is O(length of the key).
 * @throws RangeError if an option is out of range
 */
export function memoryRateLimiter(options: MemoryRateLimiterOptions): MemoryRateLimiter {
  checkBag(options, OPTIONS, '', 'memoryRateLimiter');
  checkNeeded(options, OPTIONS, '', ['points', 'durationMs']);
  const { points, durationMs, maxKeys = 100_000 } = options;
  const table = new WindowTable(points, durationMs, maxKeys);
  const counts = { allowed: 0, limited: 0 };

  return {
    async take(key) {
      const now = performance.now();
      const { used, endsAt } = table.count(key, now);
      const allowed = used <= points;
      counts[allowed ? 'allowed' : 'limited']++;
      return {
        allowed,
        limit: points,
        remaining: Math.max(0, points - used),
        resetMs: Math.min(durationMs, Math.ceil(endsAt - now)),
      };
    },
    get stats() {
      return { ...counts, evicted: table.evicted, keys: table.keysAt(performance.now()) };
    },
  };
}
