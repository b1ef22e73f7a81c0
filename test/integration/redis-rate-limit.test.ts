import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { redisRateLimiter } from '../../src/rate-limit/index.ts';
import { REDIS, redisServer } from '../servers/redis.ts';
import { isInstalled } from '../servers/server-process.ts';

const hasRedis = isInstalled(REDIS);

describe(`rate limit over a real Redis${hasRedis ? '' : ' (SKIPPED: redis-server is not installed)'}`, () => {
  const test = hasRedis ? it : it.skip;
  let server: Awaited<ReturnType<typeof redisServer>>;
  const clients: Redis[] = [];

  /** A process of its own, as far as Redis can tell. */
  const connect = async () => {
    const client = new Redis({ port: server.port, host: '127.0.0.1', retryStrategy: () => 50 });
    clients.push(client);
    client.on('error', () => {});
    if (client.status !== 'ready') await once(client, 'ready');
    return client;
  };
  let names = 0;
  const newKey = () => `key ${++names}`;

  beforeAll(async () => {
    if (hasRedis) server = await redisServer();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });
  afterAll(() => server?.process.kill());

  test('is one for all processes, however they race', async () => {
    const limit = { points: 20, durationMs: 60_000 };
    const limiters = [];
    for (let i = 0; i < 3; i++) limiters.push(redisRateLimiter({ client: await connect(), ...limit }));
    const key = newKey();
    const taken = limiters.flatMap((limiter) => Array.from({ length: 20 }, () => limiter.take(key)));
    const verdicts = await Promise.all(taken);
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(20);
    expect(limiters.map(({ stats }) => stats.insured)).toEqual([0, 0, 0]);
    for (const { limit, resetMs } of verdicts) {
      expect(limit).toBe(20);
      expect(resetMs).toBeGreaterThan(50_000);
      expect(resetMs).toBeLessThanOrEqual(60_000);
    }
  });

  test('ends with its window, and leaves nothing in Redis', async () => {
    const client = await connect();
    const limiter = redisRateLimiter({ client, points: 1, durationMs: 1_000, prefix: 'window' });
    const key = newKey();
    expect((await limiter.take(key)).allowed).toBe(true);
    const { allowed, resetMs } = await limiter.take(key);
    expect(allowed).toBe(false);
    expect(await client.keys('window:*')).toHaveLength(1);
    await new Promise((passed) => setTimeout(passed, resetMs + 50));
    expect(await client.keys('window:*')).toEqual([]);
    expect((await limiter.take(key)).allowed).toBe(true);
    expect(limiter.stats.insured).toBe(0);
  });

  test('keeps limits with different prefixes apart, and takes any key', async () => {
    const client = await connect();
    const one = redisRateLimiter({ client, points: 1, durationMs: 60_000, prefix: 'one' });
    const two = redisRateLimiter({ client, points: 2, durationMs: 60_000, prefix: 'two' });
    for (const key of ['', ' ', '\r\nFLUSHALL\r\n', '*', 'é\u0000', 'x'.repeat(100_000), '__proto__']) {
      expect([await one.take(key), await one.take(key)].map(({ allowed }) => allowed)).toEqual([true, false]);
      expect(await two.take(key)).toMatchObject({ allowed: true, remaining: 1 });
    }
    expect([one.stats.insured, two.stats.insured]).toEqual([0, 0]);
    for (const key of await client.keys('*')) expect(key.length).toBeLessThan(200);
  });

  test('goes on in memory when Redis freezes, dies, and until it is back', async () => {
    const client = await connect();
    const limiter = redisRateLimiter({ client, points: 3, durationMs: 60_000, timeoutMs: 100 });
    const key = newKey();
    expect(await limiter.take(key)).toMatchObject({ allowed: true, remaining: 2 });
    server.process.freeze(true);
    const frozenAt = performance.now();
    const verdicts = [];
    for (let i = 0; i < 5; i++) verdicts.push((await limiter.take(key)).allowed);
    expect(verdicts).toEqual([true, true, true, false, false]);
    // One wait in all, not one for each request.
    expect(performance.now() - frozenAt).toBeLessThan(450);
    await server.process.kill();
    expect((await limiter.take(key)).allowed).toBe(false);
    expect(limiter.stats).toMatchObject({ insured: 6 });
    await server.process.start();
    const isInsured = async () => {
      const { insured } = limiter.stats;
      await limiter.take(newKey());
      return limiter.stats.insured > insured;
    };
    await expect.poll(isInsured, { interval: 100, timeout: 10_000 }).toBe(false);
    expect(await limiter.take(newKey())).toMatchObject({ allowed: true, remaining: 2 });
  });
});
