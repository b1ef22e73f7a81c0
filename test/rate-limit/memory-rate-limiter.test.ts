import fc from 'fast-check';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type MemoryRateLimiterOptions, memoryRateLimiter } from '../../src/rate-limit/index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
afterEach(() => void vi.restoreAllMocks());

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
    expect(limiter.stats).toEqual({ allowed: 3, limited: 2, crowded: 0, keys: 1 });
  });

  it('counts each key for itself', async () => {
    const limiter = memoryRateLimiter({ points: 3, durationMs: 1_000 });
    const keys = ['a', 'b', '', '__proto__', 'constructor', '1', '01', 'x'.repeat(200), 'x'.repeat(201)];
    for (const key of keys) expect(await allowed(limiter, key, 5)).toBe(3);
    expect(limiter.stats.keys).toBe(keys.length);
  });

  it('keeps nothing of keys whose window has ended', async () => {
    const limiter = memoryRateLimiter({ points: 1, durationMs: 1_000 });
    for (let i = 0; i < 1_000; i++) await limiter.take(`key ${i}`);
    expect(limiter.stats.keys).toBe(1_000);
    expect(vi.getTimerCount()).toBe(1_000);
    vi.advanceTimersByTime(1_000);
    expect(limiter.stats.keys).toBe(0);
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
  const crowded = (options: Partial<MemoryRateLimiterOptions> = {}) =>
    memoryRateLimiter({ points: 5, durationMs: 60_000, maxKeys: 100, ...options });

  it('take no more memory', async () => {
    const limiter = crowded();
    for (let i = 0; i < 20_000; i++) await limiter.take(`key ${i}`);
    expect(limiter.stats).toMatchObject({ keys: 100, crowded: 19_900 });
    // Each counter has a timer: those for whom there was room, and those that are shared.
    expect(vi.getTimerCount()).toBeLessThanOrEqual(100 + 1_024);
  });

  it('are those beyond 100,000 by default', async () => {
    // The store would set as many timers.
    vi.spyOn(RateLimiterMemory.prototype, 'consume').mockResolvedValue(new RateLimiterRes(0, 1_000, 1, true));
    const limiter = memoryRateLimiter({ points: 1, durationMs: 1_000 });
    await Promise.all(Array.from({ length: 100_001 }, (_, i) => limiter.take(`key ${i}`)));
    expect(limiter.stats).toMatchObject({ keys: 100_000, crowded: 1 });
  });

  it('take no more memory when they come all at once', async () => {
    const limiter = crowded();
    await Promise.all(Array.from({ length: 5_000 }, (_, i) => limiter.take(`key ${i}`)));
    expect(limiter.stats).toMatchObject({ keys: 100, crowded: 4_900 });
    expect(vi.getTimerCount()).toBeLessThanOrEqual(100 + 1_024);
  });

  it('give no key that is exhausted a new start', async () => {
    const limiter = crowded();
    expect(await allowed(limiter, 'attacker', 6)).toBe(5);
    for (let i = 0; i < 5_000; i++) await limiter.take(`rotated ${i}`);
    expect(await allowed(limiter, 'attacker', 10)).toBe(0);
  });

  it('are limited all the same', async () => {
    const limiter = crowded({ maxKeys: 0 });
    expect(await allowed(limiter, 'late', 50)).toBe(5);
    const many = await Promise.all(Array.from({ length: 50_000 }, (_, i) => limiter.take(`late ${i}`)));
    expect(many.filter((verdict) => verdict.allowed).length).toBeLessThanOrEqual(5 * 1_024);
  });

  it('have room again when windows have ended', async () => {
    const limiter = crowded();
    for (let i = 0; i < 200; i++) await limiter.take(`key ${i}`);
    vi.advanceTimersByTime(60_000);
    await limiter.take('late');
    expect(limiter.stats).toMatchObject({ keys: 1, crowded: 100 });
  });

  it('stay bounded when the wall clock jumps, which ends windows before their time', async () => {
    const limiter = crowded({ maxKeys: 3_000 });
    const takeAll = async (name: string) => {
      for (let i = 0; i < 3_000; i++) await limiter.take(`${name} ${i}`);
    };
    await takeAll('key');
    vi.advanceTimersByTime(30_000);
    vi.setSystemTime(Date.now() + 3_600_000);
    await takeAll('key');
    vi.advanceTimersByTime(30_000);
    await takeAll('other');
    expect(limiter.stats.keys).toBe(3_000);
    expect(vi.getTimerCount()).toBeLessThanOrEqual(3_000 + 1_024);
  });
});

describe('the options', () => {
  it.each<[Partial<MemoryRateLimiterOptions>, RegExp]>([
    [{ points: 0 }, /^points must be an integer from 1 to 1000000000, got 0$/],
    [{ points: 1.5 }, /^points must be .* got 1\.5$/],
    [{ points: Number.NaN }, /^points must be .* got NaN$/],
    [{ points: '5' as never }, /^points must be .* got 5$/],
    [{ durationMs: 0 }, /^durationMs must be an integer from 1 to 2147483647, got 0$/],
    [{ durationMs: 2 ** 31 }, /^durationMs must be .* got 2147483648$/],
    [{ durationMs: undefined as never }, /^durationMs must be .* got undefined$/],
    [{ maxKeys: -1 }, /^maxKeys must be an integer from 0 to 10000000, got -1$/],
  ])('refuse %o', (options, message) => {
    expect(() => memoryRateLimiter({ points: 1, durationMs: 1_000, ...options })).toThrow(message);
  });
});
