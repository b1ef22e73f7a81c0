import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type MemoryRateLimiterOptions, memoryRateLimiter } from '../../src/rate-limit/index.ts';
import { WindowTable } from '../../src/rate-limit/window-table.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How many of so many requests of a key are allowed. */
async function allowed(limiter: ReturnType<typeof memoryRateLimiter>, key: string, requests: number) {
  let count = 0;
  for (let i = 0; i < requests; i++) if ((await limiter.take(key)).allowed) count++;
  return count;
}

describe('a limit in memory', () => {
  it('allows so many requests in a window, and says what is left', async () => {
    const limiter = memoryRateLimiter({ points: 2, durationMs: 1_500 });
    expect(await limiter.take('a')).toEqual({ allowed: true, limit: 2, remaining: 1, resetMs: 1_500 });
    vi.advanceTimersByTime(400);
    expect(await limiter.take('a')).toEqual({ allowed: true, limit: 2, remaining: 0, resetMs: 1_100 });
    expect(await limiter.take('a')).toEqual({ allowed: false, limit: 2, remaining: 0, resetMs: 1_100 });
    vi.advanceTimersByTime(1_099);
    expect((await limiter.take('a')).allowed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await limiter.take('a')).toEqual({ allowed: true, limit: 2, remaining: 1, resetMs: 1_500 });
    expect(limiter.stats).toEqual({ allowed: 3, limited: 2, evicted: 0, keys: 1 });
  });

  it('counts each key for itself', async () => {
    const limiter = memoryRateLimiter({ points: 3, durationMs: 1_000 });
    const keys = ['a', 'b', '', '__proto__', 'constructor', '1', '01', 'x'.repeat(200), 'x'.repeat(201)];
    for (const key of keys) expect(await allowed(limiter, key, 5)).toBe(3);
    expect(limiter.stats.keys).toBe(keys.length);
  });

  it('sets no timer, and gives the counters of keys whose window has ended to others', async () => {
    const limiter = memoryRateLimiter({ points: 1, durationMs: 1_000, maxKeys: 8 });
    for (let i = 0; i < 8; i++) await limiter.take(`key ${i}`);
    expect(limiter.stats).toMatchObject({ keys: 8, evicted: 0 });
    vi.advanceTimersByTime(1_000);
    expect(limiter.stats.keys).toBe(0);
    for (let i = 8; i < 16; i++) expect((await limiter.take(`key ${i}`)).allowed).toBe(true);
    expect(limiter.stats).toMatchObject({ keys: 8, evicted: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never allows more in a time t than points * (ceil(t / durationMs) + 1)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat({ max: 700 }), { minLength: 1, maxLength: 60 }),
        async (points, pauses) => {
          const limiter = memoryRateLimiter({ points, durationMs: 1_000 });
          const times: number[] = [];
          for (const pause of pauses) {
            vi.advanceTimersByTime(pause);
            if ((await limiter.take('a')).allowed) times.push(Date.now());
          }
          for (const [i, start] of times.entries()) {
            for (const [j, end] of times.entries()) {
              if (j < i) continue;
              const bound = points * (Math.ceil((end - start) / 1_000) + 1);
              expect(j - i + 1).toBeLessThanOrEqual(bound);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([3_600_000, -3_600_000])('holds when the wall clock jumps by %s ms', async (jumpMs) => {
    const limiter = memoryRateLimiter({ points: 2, durationMs: 60_000 });
    await allowed(limiter, 'a', 3);
    vi.setSystemTime(Date.now() + jumpMs);
    const { resetMs } = await limiter.take('a');
    expect(resetMs).toBeGreaterThanOrEqual(0);
    expect(resetMs).toBeLessThanOrEqual(60_000);
    // However it jumped, a client is never locked out for longer than a window.
    vi.advanceTimersByTime(60_000);
    expect((await limiter.take('a')).allowed).toBe(true);
  });
});

describe('more keys than there is room for', () => {
  const MINUTE = 60_000;
  const small = (options: Partial<MemoryRateLimiterOptions> = {}) =>
    memoryRateLimiter({ points: 5, durationMs: MINUTE, maxKeys: 104, ...options });

  it('take no more memory, however many they are and however long', async () => {
    const table = new WindowTable(5, MINUTE, 1_000);
    const empty = table.byteLength;
    expect(empty).toBe(20 * 1_000);
    for (let i = 0; i < 20_000; i++) table.count(`${i} ${'x'.repeat(15_000)}`, i * 10);
    const full = table.byteLength;
    // 20 bytes an entry, and 4 to 8 cells of 8 bytes an entry in each of two generations.
    expect(full).toBeLessThanOrEqual((20 + 128) * 1_000);
    for (let i = 0; i < 20_000; i++) table.count(`more ${i}`, 200_000 + i * 10);
    expect(table.byteLength).toBe(full);
    expect(table.keysAt(400_000)).toBeLessThanOrEqual(1_000);
  });

  it('are those beyond 100,000 by default', async () => {
    const limiter = memoryRateLimiter({ points: 2, durationMs: MINUTE });
    for (let i = 0; i < 150_000; i++) await limiter.take(`key ${i}`);
    expect(limiter.stats.keys).toBeGreaterThan(97_000);
    expect(limiter.stats.keys).toBeLessThanOrEqual(100_000);
    expect(limiter.stats.evicted).toBe(150_000 - limiter.stats.keys);
  });

  // When keys beyond the table shared 1,024 counters, 0 to 156 of 1,000 newcomers got in.
  it('lock no newcomer out, where 113,000 keys are invented', async () => {
    const limiter = memoryRateLimiter({ points: 10, durationMs: MINUTE });
    for (let i = 0; i < 113_000; i++) await limiter.take(`invented ${i}`);
    let full = 0;
    for (let i = 0; i < 1_000; i++) if ((await allowed(limiter, `newcomer ${i}`, 12)) === 10) full++;
    // A newcomer that shares all of its cells with invented keys has one request less.
    expect(full).toBeGreaterThan(950);
    expect((await limiter.take('one more')).allowed).toBe(true);
  });

  it('lock few newcomers out, where the invented keys have used up their requests', async () => {
    const limiter = small({ points: 1, maxKeys: 1_000 });
    for (let i = 0; i < 1_130; i++) await limiter.take(`invented ${i}`);
    let admitted = 0;
    for (let i = 0; i < 200; i++) admitted += await allowed(limiter, `newcomer ${i}`, 1);
    expect(admitted).toBeGreaterThan(180);
  });

  it('give no key that is exhausted a new start', async () => {
    const limiter = small();
    expect(await allowed(limiter, 'attacker', 6)).toBe(5);
    for (let i = 0; i < 5_000; i++) await limiter.take(`rotated ${i}`);
    expect(await allowed(limiter, 'attacker', 10)).toBe(0);
  });

  it('give none a new start, even if all of them are exhausted', async () => {
    const limiter = small({ points: 1 });
    const keys = Array.from({ length: 1_000 }, (_, i) => `offender ${i}`);
    for (const key of keys) await limiter.take(key);
    vi.advanceTimersByTime(MINUTE - 1);
    for (const key of keys) expect(await allowed(limiter, key, 2)).toBe(0);
    // Other keys in its cells may hold a key for as long as theirs last, which is less than one more window.
    vi.advanceTimersByTime(2 * MINUTE);
    for (const key of keys.slice(0, 50)) expect(await allowed(limiter, key, 2)).toBe(1);
  });

  it('keep the end of their window when they come back', async () => {
    const limiter = small({ points: 1, maxKeys: 8 });
    await limiter.take('offender');
    vi.advanceTimersByTime(10_000);
    for (let i = 0; i < 200; i++) await allowed(limiter, `other ${i}`, 2);
    expect(limiter.stats.evicted).toBeGreaterThan(150);
    vi.advanceTimersByTime(40_000);
    expect(await limiter.take('offender')).toMatchObject({ allowed: false, resetMs: 10_000 });
    vi.advanceTimersByTime(10_000);
    expect((await limiter.take('offender')).allowed).toBe(true);
  });

  it('never allow any key more than its requests in a window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 16 }),
        fc.array(fc.tuple(fc.nat(60), fc.nat(400)), { minLength: 100, maxLength: 400 }),
        async (maxKeys, steps) => {
          const limiter = small({ points: 2, durationMs: 1_000, maxKeys });
          const times = new Map<number, number[]>();
          for (const [key, pause] of steps) {
            vi.advanceTimersByTime(pause % 7 === 0 ? pause : 0);
            if ((await limiter.take(String(key))).allowed)
              times.set(key, [...(times.get(key) ?? []), Date.now()]);
          }
          for (const of of times.values()) {
            // Three requests within a window's length are at least in two windows, five would be in three.
            for (let i = 4; i < of.length; i++)
              expect((of[i] as number) - (of[i - 4] as number)).toBeGreaterThanOrEqual(1_000);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are limited all the same where no key has a counter of its own', async () => {
    const limiter = small({ maxKeys: 0 });
    expect(await allowed(limiter, 'late', 50)).toBe(5);
    expect(limiter.stats.keys).toBe(0);
    for (let i = 0; i < 1_000; i++) expect((await limiter.take(`key ${i}`)).allowed).toBe(true);
    expect(await allowed(limiter, 'late', 10)).toBe(0);
  });

  it('are counted alike when the wall clock jumps', async () => {
    const limiter = small({ maxKeys: 8 });
    for (let i = 0; i < 100; i++) await allowed(limiter, `key ${i}`, 6);
    vi.setSystemTime(Date.now() + 3_600_000);
    for (let i = 0; i < 100; i++) expect(await allowed(limiter, `key ${i}`, 1)).toBe(0);
  });
});

describe('the options', () => {
  it.each<[Partial<MemoryRateLimiterOptions>, RegExp]>([
    [{ points: 0 }, /^points must be an integer from 1 to 1000000000, got 0$/],
    [{ points: 1.5 }, /^points must be .* got 1\.5$/],
    [{ points: Number.NaN }, /^points must be .* got NaN$/],
    [{ points: '5' as never }, /^points must be .* got "5"$/],
    [{ durationMs: 0 }, /^durationMs must be an integer from 1 to 2147483647, got 0$/],
    [{ durationMs: 2 ** 31 }, /^durationMs must be .* got 2147483648$/],
    [{ durationMs: undefined as never }, /^durationMs must be .* got undefined$/],
    [{ maxKeys: -1 }, /^maxKeys must be an integer from 0 to 10000000, got -1$/],
  ])('refuse %o', (options, message) => {
    expect(() => memoryRateLimiter({ points: 1, durationMs: 1_000, ...options })).toThrow(message);
  });
});
