// Registration and discovery in a real Redis, with both clients.
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Registration } from '../../src/discovery/registration.ts';
import { type RedisOptions, redis } from '../../src/discovery/sources/redis.ts';
import { closeWatches, watched } from '../discovery/watched.ts';
import { REDIS, redisServer } from '../servers/redis.ts';
import { isInstalled } from '../servers/server-process.ts';

const hasRedis = isInstalled(REDIS);

describe.each(['ioredis', 'node-redis'])(
  `a registry in Redis, by %s${hasRedis ? '' : ' (SKIPPED: redis-server is not installed)'}`,
  (kind) => {
    const test = hasRedis ? it : it.skip;
    let server: Awaited<ReturnType<typeof redisServer>>;
    let pools = 0;
    const ends: (() => unknown)[] = [];

    beforeAll(async () => {
      if (hasRedis) server = await redisServer();
    });
    afterEach(async () => {
      closeWatches();
      for (const end of ends.splice(0).reverse()) await end();
    });
    afterAll(() => server?.process.kill());

    async function aClient(): Promise<RedisOptions['client']> {
      if (kind === 'ioredis') {
        const client = new Redis({ port: server.port, host: '127.0.0.1', retryStrategy: () => 20 });
        client.on('error', () => {});
        ends.push(() => client.disconnect());
        return client;
      }
      const client = createClient({
        socket: { port: server.port, host: '127.0.0.1', reconnectStrategy: () => 20 },
      });
      client.on('error', () => {});
      await client.connect();
      ends.push(() => client.destroy());
      return client;
    }
    const registryOf = async (pool: string, more: Partial<RedisOptions> = {}) =>
      redis({ client: await aClient(), pool, ...more });
    const register = (registry: ReturnType<typeof redis>, id: string, more: object = {}): Registration => {
      const registration = registry.register(
        { id, url: `http://${id}.test:8080` },
        { ttlMs: 1_000, ...more },
      );
      ends.push(() => registration.close());
      return registration;
    };

    test('tells of those that come, drain, leave and crash', async () => {
      const pool = `p${++pools}`;
      const gateway = watched(await registryOf(pool));
      await gateway.state('current');
      const servers = await registryOf(pool);
      const [a, b] = [register(servers, 'a'), register(servers, 'b')];
      await Promise.all([a.ready, b.ready, gateway.until('a', 'b')]);
      await a.drain();
      await expect.poll(() => gateway.backends().find(({ id }) => id === 'a')?.draining).toBe(true);
      await Promise.all([a.close(), gateway.until('b')]);
      // A crash: it beats no more.
      const dies = redis({ client: await aClient(), pool, env: { timers: { schedule: () => () => {} } } });
      await dies.register({ id: 'c', url: 'http://c' }, { ttlMs: 300 }).ready;
      await gateway.until('b', 'c');
      await gateway.until('b');
      expect(gateway.lines).toEqual([]);
    });

    test('is read in pages by one that comes later', async () => {
      const pool = `p${++pools}`;
      const client = new Redis({ port: server.port, host: '127.0.0.1' });
      ends.push(() => client.disconnect());
      const fields: string[] = [];
      const scores: (string | number)[] = [];
      for (let i = 0; i < 3_000; i++) {
        fields.push(`b${i}`, JSON.stringify({ backend: { id: `b${i}`, url: `http://10.0.0.1:${i + 1}` } }));
        scores.push(Date.now() + 60_000, `b${i}`);
      }
      await client.hset(`evenkeel:{${pool}}:records`, ...fields);
      await client.zadd(`evenkeel:{${pool}}:ends`, ...(scores as [number, string]));
      await client.set(`evenkeel:{${pool}}:epoch`, 'e');
      const { watch } = watched(await registryOf(pool));
      await expect.poll(() => watch.stats().backends).toBe(3_000);
    });

    test('that was killed, and comes back empty, loses nothing: servers register again', async () => {
      const pool = `p${++pools}`;
      const gateway = watched(await registryOf(pool));
      const servers = await registryOf(pool);
      const registrations = ['a', 'b', 'c'].map((id) => register(servers, id));
      await Promise.all(registrations.map(({ ready }) => ready));
      await gateway.until('a', 'b', 'c');
      await server.process.kill();
      await server.process.start();
      await expect.poll(() => gateway.watch.stats().epoch, { timeout: 10_000 }).not.toBe('none');
      register(servers, 'd');
      await gateway.until('a', 'b', 'c', 'd');
      expect(gateway.changes.slice(gateway.changes.indexOf('a,b,c'))).toEqual(['a,b,c', 'a,b,c,d']);
    });

    test('that hangs is noticed by a watchdog, and told in one line', async () => {
      const pool = `p${++pools}`;
      const gateway = watched(await registryOf(pool, { timeoutMs: 200 }));
      const servers = await registryOf(pool);
      const a = register(servers, 'a');
      await Promise.all([a.ready, gateway.until('a')]);
      gateway.lines.splice(0);
      server.process.freeze(true);
      await gateway.state('failing');
      expect(gateway.ids()).toEqual(['a']);
      server.process.freeze(false);
      register(servers, 'b');
      await gateway.until('a', 'b');
      expect(gateway.lines).toEqual([
        expect.stringMatching(/^redis p\d+: Redis did not answer within \d+ ms$/),
        `redis ${pool}: answers again`,
      ]);
    });

    test('lets the younger of two with one id count', async () => {
      const pool = `p${++pools}`;
      const gateway = watched(await registryOf(pool));
      const lines: string[] = [];
      const old = (await registryOf(pool)).register(
        { id: 'a', url: 'http://old' },
        { ttlMs: 300, report: (line) => lines.push(line) },
      );
      ends.push(() => old.close());
      await old.ready;
      await new Promise((resolve) => setTimeout(resolve, 2));
      const young = (await registryOf(pool)).register({ id: 'a', url: 'http://young' });
      ends.push(() => young.close());
      await expect.poll(() => gateway.backends()[0]?.url).toBe('http://young');
      await expect
        .poll(() => lines)
        .toEqual(['registration failed: id "a" is in use by http://young, which registered later']);
      await old.close();
      expect(gateway.backends()[0]?.url).toBe('http://young');
    });

    test('tells again of one whose time was over before it beat again', async () => {
      const pool = `p${++pools}`;
      const admin = new Redis({ port: server.port, host: '127.0.0.1' });
      ends.push(() => admin.disconnect());
      await register(await registryOf(pool), 'a', { ttlMs: 600 }).ready;
      await admin.zadd(`evenkeel:{${pool}}:ends`, '1', 'a');
      await expect.poll(() => admin.xlen(`evenkeel:{${pool}}:changes`)).toBe(2);
    });

    test('that is full or read-only keeps the set, and is told', async () => {
      const pool = `p${++pools}`;
      const gateway = watched(await registryOf(pool));
      const servers = await registryOf(pool);
      const a = register(servers, 'a', { ttlMs: 60_000 });
      await Promise.all([a.ready, gateway.until('a')]);
      const admin = new Redis({ port: server.port, host: '127.0.0.1' });
      ends.push(() => admin.disconnect());
      await admin.config('SET', 'maxmemory', '1');
      const lines: string[] = [];
      const b = register(servers, 'b', { report: (line: string) => lines.push(line) });
      await expect.poll(() => lines[0]).toMatch(/^registration failed: .*OOM/);
      expect(gateway.ids()).toEqual(['a']);
      await admin.config('SET', 'maxmemory', '0');
      await Promise.all([b.ready, gateway.until('a', 'b')]);
      expect(lines.at(-1)).toBe('registered again');
    });

    test('keeps fleets with other prefixes apart', async () => {
      const one = watched(await registryOf('shared', { prefix: 'one' }));
      const other = watched(await registryOf('shared', { prefix: 'other' }));
      const a = register(await registryOf('shared', { prefix: 'one' }), 'a');
      await Promise.all([a.ready, one.until('a')]);
      await other.state('current');
      expect(other.ids()).toEqual([]);
    });
  },
);

it.each<[unknown, string]>([
  [{}, 'redis.client must be a client of ioredis or node-redis, got undefined'],
  [
    { client: { get() {} } },
    'redis.client must be a client of ioredis or node-redis, got a value of type object',
  ],
  [
    { client: { call() {}, duplicate() {} }, prefix: '' },
    'redis.prefix must be a string with at least one character',
  ],
])('refuses %j', (options, message) => {
  expect(() => redis(options as never)).toThrow(message);
});
