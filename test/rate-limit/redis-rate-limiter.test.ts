import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type RedisClient,
  type RedisRateLimiterOptions,
  redisRateLimiter,
} from '../../src/rate-limit/index.ts';
import type { RateLimitVerdict } from '../../src/traffic/rate-limiter.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** As much of a client as the limiter uses, with an answer that can be chosen. */
class FakeRedis implements RedisClient {
  status = 'ready';
  calls = 0;
  answer: () => Promise<[number, number]> = () => Promise.resolve([this.calls, 60_000]);

  defineCommand(name: string): void {
    Object.assign(this, {
      [name]: () => {
        this.calls++;
        return this.answer();
      },
    });
  }
}

function setUp(options: Partial<RedisRateLimiterOptions> = {}) {
  const client = new FakeRedis();
  return { client, limiter: redisRateLimiter({ client, points: 2, durationMs: 60_000, ...options }) };
}

describe('a limit in Redis', () => {
  it('is what Redis has counted', async () => {
    const { limiter } = setUp();
    expect(await limiter.take('a')).toEqual({ allowed: true, limit: 2, remaining: 1, resetMs: 60_000 });
    expect(await limiter.take('a')).toEqual({ allowed: true, limit: 2, remaining: 0, resetMs: 60_000 });
    expect(await limiter.take('a')).toEqual({ allowed: false, limit: 2, remaining: 0, resetMs: 60_000 });
    expect(limiter.stats).toEqual({ allowed: 2, limited: 1, insured: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has a window that ends now where its clock says that it has ended, or began later', async () => {
    const { client, limiter } = setUp();
    const resetMs = async (msLeft: number) => {
      client.answer = () => Promise.resolve([1, msLeft]);
      return (await limiter.take('a')).resetMs;
    };
    expect([await resetMs(-5), await resetMs(90_000)]).toEqual([0, 60_000]);
  });

  it('is held in memory while Redis is not connected, without asking it', async () => {
    const { client, limiter } = setUp();
    client.status = 'reconnecting';
    const verdicts: RateLimitVerdict[] = [];
    for (let i = 0; i < 3; i++) verdicts.push(await limiter.take('a'));
    expect(verdicts.map(({ allowed }) => allowed)).toEqual([true, true, false]);
    expect(client.calls).toBe(0);
    expect(limiter.stats).toEqual({ allowed: 2, limited: 1, insured: 3 });
  });

  it('is held in memory when Redis fails, which is asked again after a second', async () => {
    const { client, limiter } = setUp();
    client.answer = () => Promise.reject(new Error('OOM'));
    expect((await limiter.take('a')).allowed).toBe(true);
    client.answer = () => Promise.resolve([1, 60_000]);
    vi.advanceTimersByTime(999);
    await limiter.take('a');
    expect(client.calls).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await limiter.take('a')).toMatchObject({ allowed: true, remaining: 1 });
    expect(client.calls).toBe(2);
    expect(limiter.stats.insured).toBe(2);
  });

  it('waits for a silent Redis once, 250 ms by default, and not for each request', async () => {
    const { client, limiter } = setUp();
    client.answer = () => new Promise(() => {});
    let verdict: RateLimitVerdict | undefined;
    const taken = limiter.take('a').then((result) => (verdict = result));
    await vi.advanceTimersByTimeAsync(249);
    expect(verdict).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await taken;
    expect(verdict).toMatchObject({ allowed: true, remaining: 1 });
    expect(await limiter.take('a')).toMatchObject({ allowed: true, remaining: 0 });
    expect(client.calls).toBe(1);
  });

  it('is not disturbed by an answer that comes too late', async () => {
    const { client, limiter } = setUp({ timeoutMs: 10 });
    let fail: (error: Error) => void = () => {};
    client.answer = () => new Promise((_, reject) => (fail = reject));
    const taken = limiter.take('a');
    await vi.advanceTimersByTimeAsync(10);
    fail(new Error('late'));
    expect((await taken).allowed).toBe(true);
  });

  it('can be insured by another limiter', async () => {
    const verdict = { allowed: false, limit: 7, remaining: 0, resetMs: 5 };
    const { client, limiter } = setUp({ insurance: { take: () => Promise.resolve(verdict) } });
    client.status = 'end';
    expect(await limiter.take('a')).toBe(verdict);
  });
});

describe('the options', () => {
  it.each<[Partial<RedisRateLimiterOptions>, RegExp]>([
    [{ durationMs: 1_500 }, /^durationMs must be a multiple of 1000, got 1500$/],
    [{ durationMs: 500 }, /^durationMs must be a multiple of 1000, got 500$/],
    [{ points: 0 }, /^points must be an integer from 1/],
    [{ timeoutMs: 0 }, /^timeoutMs must be an integer from 1 to 60000, got 0$/],
    [{ client: {} as never }, /^client must be an ioredis client, got /],
    [{ client: undefined as never }, /^client must be an ioredis client, got /],
  ])('refuse %o', (options, message) => {
    expect(() => setUp(options)).toThrow(message);
  });
});
