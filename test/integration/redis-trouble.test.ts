import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, createCluster } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RedisOptions, redis } from '../../src/discovery/sources/redis.ts';
import { joinFleet, redisFleet, shareChecks, shareKeys } from '../../src/fleet/index.ts';
import { Balancer, HealthChecker } from '../../src/index.ts';
import { closeWatches, watched } from '../discovery/watched.ts';
import { disagreement, keysOf } from '../fleet/agreement.ts';
import { REDIS, redisServer } from '../servers/redis.ts';
import { redisCluster } from '../servers/redis-cluster.ts';
import { freePort, isInstalled } from '../servers/server-process.ts';
import { nativePool } from '../support.ts';

const hasRedis = isInstalled(REDIS);
const test = hasRedis ? it : it.skip;
type Client = RedisOptions['client'];

const ends: (() => unknown)[] = [];
afterEach(async () => {
  closeWatches();
  for (const end of ends.splice(0).reverse()) await end();
});

function ioredis(port: number): Client {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => {});
  ends.push(() => client.disconnect());
  return client;
}

async function nodeRedis(port: number): Promise<Client> {
  const client = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: () => 20 } });
  client.on('error', () => {});
  await client.connect();
  ends.push(() => client.destroy());
  return client;
}

/** Balancers that share keys and checks and follow a registry, each by a client of its own. */
async function aFleet(connect: () => Client | Promise<Client>, prefix: string) {
  const failing = new Set<string>();
  const nodes = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const client = await connect();
      const balancer = new Balancer(nativePool(10));
      const lines: string[] = [];
      const report = (line: string) => lines.push(line);
      const store = redisFleet({ client, prefix, timeoutMs: 300, testEveryMs: 100 });
      const shared = shareKeys(balancer, store, { report });
      const member = joinFleet(store, { ttlMs: 450, report });
      const service = {
        sendRequest: async (url: string) => ({
          status: failing.has(new URL(url).origin) ? 503 : 200,
          data: '',
        }),
      };
      const checker = new HealthChecker(balancer as Balancer<unknown>, service, { intervalMs: 50 });
      const checks = shareChecks(checker, member);
      ends.push(() => {
        shared.close();
        checks.close();
        checker.close();
        return member.close();
      });
      return { balancer, shared, member, checks, lines };
    }),
  );
  const registry = redis({ client: await connect(), prefix, timeoutMs: 300 });
  const pool = watched(redis({ client: await connect(), prefix, timeoutMs: 300 }));
  const trouble: string[] = [];
  const register = (id: string) => {
    const one = registry.register(
      { id, url: `http://${id}` },
      { ttlMs: 60_000, report: (line) => trouble.push(line) },
    );
    ends.push(() => one.close());
    return one;
  };
  const balancers = nodes.map(({ balancer }) => balancer);
  const send = (keys: readonly string[]) =>
    balancers.forEach((balancer, i) => {
      const from = Math.floor((i * keys.length) / balancers.length);
      for (const key of [...keys.slice(from), ...keys.slice(0, from)]) {
        const lease = balancer.acquire(key);
        expect(lease).toBeDefined();
        lease?.release();
      }
    });
  const isWhole = () =>
    nodes.every(({ shared, checks }) => shared.stats().connected && checks.stats().members === 3) &&
    nodes.every(({ shared }) => shared.stats().waiting === 0);
  const apart = (keys: readonly string[]) => disagreement(balancers, keys);
  return { nodes, failing, register, pool, trouble, send, isWhole, apart };
}

/** What goes wrong, how it ends, and what is told. */
interface Trouble {
  readonly line: RegExp;
  begin(admin: Redis): Promise<unknown>;
  end(admin: Redis): Promise<unknown>;
}

const admins = (port: number, more: object = {}) => {
  const admin = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20, ...more });
  admin.on('error', () => {});
  ends.push(() => admin.disconnect());
  return admin;
};
/** A user with all rights, whom no trouble of the others meets. */
const ADMIN = { username: 'admin', password: 'admin' };

const TROUBLES: Record<string, Trouble> = {
  'that is full': {
    line: /OOM/,
    begin: (admin) => admin.config('SET', 'maxmemory', '1'),
    end: (admin) => admin.config('SET', 'maxmemory', '0'),
  },
  'that has become a read-only replica': {
    line: /READONLY|MASTERDOWN/,
    begin: async (admin) => admin.replicaof('127.0.0.1', await freePort()),
    end: (admin) => admin.replicaof('NO', 'ONE'),
  },
  'that lets the user write no more': {
    line: /NOPERM/,
    begin: (admin) => admin.call('ACL', 'SETUSER', 'default', '-eval', '-publish'),
    end: (admin) => admin.call('ACL', 'SETUSER', 'default', '+@all'),
  },
  'that wants a password': {
    line: /NOAUTH|broke|closed|ECONNRESET|unauthenticated/,
    async begin(admin) {
      await admin.call('ACL', 'SETUSER', 'default', 'resetpass', '>secret');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    },
    end: (admin) => admin.call('ACL', 'SETUSER', 'default', 'nopass'),
  },
  'that loads its data': {
    line: /LOADING|did not answer/,
    async begin(admin) {
      await admin.mset(
        Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`more:${i}`, 'x'.repeat(1_000)])),
      );
      await admin.config('SET', 'key-load-delay', '10000');
      admin.call('DEBUG', 'RELOAD').catch(() => {});
    },
    async end(admin) {
      await expect.poll(() => admin.call('DBSIZE').catch(() => 0)).toBeGreaterThan(80);
      await admin.config('SET', 'key-load-delay', '0');
    },
  },
  'that does not answer for a while': {
    line: /did not answer within 300 ms/,
    begin: (admin) => admin.call('CLIENT', 'PAUSE', '2000', 'ALL'),
    end: async () => {},
  },
};

/** Of the other client, one in which its connections break, and one in which they do not. */
const SOME = ['that wants a password', 'that has become a read-only replica'];

describe.each([
  ['ioredis', ioredis, Object.keys(TROUBLES)],
  ['node-redis', nodeRedis, SOME],
] as const)(
  `a Redis, by %s${hasRedis ? '' : ' (SKIPPED: redis-server is not installed)'}`,
  (_, connect, names) => {
    let server: Awaited<ReturnType<typeof redisServer>>;
    let fleets = 0;
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-redis-'));
    beforeAll(async () => {
      if (hasRedis)
        server = await redisServer(
          '--dir',
          folder,
          '--enable-debug-command',
          'yes',
          '--loading-process-events-interval-bytes',
          '1024',
        );
    });
    afterAll(async () => {
      await server?.process.kill();
      rmSync(folder, { recursive: true });
    });

    test.each(names)(
      '%s: one line, nothing is lost, and it goes on',
      async (name) => {
        const trouble = TROUBLES[name] as Trouble;
        const first = admins(server.port);
        await first.call('ACL', 'SETUSER', ADMIN.username, 'on', `>${ADMIN.password}`, '~*', '&*', '+@all');
        const admin = admins(server.port, ADMIN);
        const fleet = await aFleet(() => connect(server.port), `t${++fleets}`);
        const { nodes, pool, send, apart, isWhole, failing } = fleet;
        await expect.poll(isWhole).toBe(true);
        const a = fleet.register('a');
        await Promise.all([a.ready, pool.until('a')]);
        const keys = keysOf(40);
        send(keys);
        await expect.poll(() => apart(keys)).toBe(0);
        for (const { lines } of nodes) expect(lines).toEqual([]);

        await trouble.begin(admin);
        const b = fleet.register('b');
        const [down] = nativePool(1).map(({ IPAddr, Port }) => `http://${IPAddr}:${Port}`) as [string];
        failing.add(down);
        const all = [...keys, ...keysOf(20, 'new')];
        await expect
          .poll(() => send(all) ?? nodes.map(({ shared }) => shared.stats().connected))
          .toEqual([false, false, false]);
        await expect
          .poll(() => nodes.map(({ balancer }) => balancer.stateOf(down)))
          .toEqual(['down', 'down', 'down']);
        expect(pool.backends().map(({ id }) => id)).toEqual(['a']);
        await expect.poll(() => fleet.trouble.length).toBeGreaterThan(0);

        await trouble.end(admin);
        await Promise.all([b.ready, pool.until('a', 'b')]);
        await expect.poll(isWhole, { timeout: 10_000 }).toBe(true);
        await expect.poll(() => send(all) ?? apart(all)).toBe(0);
        failing.clear();
        await expect
          .poll(() => nodes.map(({ balancer }) => balancer.stateOf(down)))
          .toEqual(['up', 'up', 'up']);
        for (const { lines } of nodes) {
          expect(lines.map((line) => line.replace(/: .*/, ''))).toHaveLength(4);
          expect(lines.filter((line) => line.includes('places keys by itself'))).toEqual([
            expect.stringMatching(trouble.line),
          ]);
          expect(lines.filter((line) => line.includes('checks backends for itself'))).toEqual([
            expect.stringMatching(trouble.line),
          ]);
          expect(lines.filter((line) => line.includes('the store is back'))).toHaveLength(2);
        }
        const told = fleet.trouble.filter((line) => line !== 'registered again');
        expect(told.filter((line) => !trouble.line.test(line))).toEqual([]);
        expect(told.length).toBeLessThan(3);
      },
      30_000,
    );
  },
);

describe(`a cluster of Redis that moves slots${hasRedis ? '' : ' (SKIPPED: redis-server is not installed)'}`, () => {
  test.each(['ioredis', 'node-redis'])(
    'loses nothing, by %s',
    async (kind) => {
      const cluster = await redisCluster();
      ends.push(() => cluster.close());
      const connect = async (): Promise<Client> => {
        const nodes = cluster.ports.map((port) => ({ host: '127.0.0.1', port }));
        if (kind === 'ioredis') {
          const client = new Cluster(nodes, { retryDelayOnTryAgain: 20, clusterRetryStrategy: () => 20 });
          client.on('error', () => {});
          ends.push(() => client.disconnect());
          return client;
        }
        const client = createCluster({
          rootNodes: nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` })),
        });
        client.on('error', () => {});
        await client.connect();
        ends.push(() => client.destroy());
        return client;
      };
      const { nodes, register, pool, send, apart, isWhole, trouble } = await aFleet(connect, 'c');
      await expect.poll(isWhole).toBe(true);
      const a = register('a');
      await Promise.all([a.ready, pool.until('a')]);
      const keys = keysOf(40);
      send(keys);
      await expect.poll(() => apart(keys)).toBe(0);
      const [{ balancer }] = nodes as [(typeof nodes)[number]];
      let moved = 0;
      for (const key of [
        `c:fleet:{default:${balancer.fingerprint}}`,
        'c:fleet:{members}',
        'c:{default}:ends',
      ]) {
        const more = keysOf(10, `move${++moved}`);
        await cluster.move(key, async () => {
          send(more);
          await new Promise((resolve) => setTimeout(resolve, 100));
        });
        keys.push(...more);
        await expect.poll(() => send(keys) ?? apart(keys)).toBe(0);
        await expect.poll(isWhole).toBe(true);
        const b = register(`b${moved}`);
        await b.ready;
      }
      await pool.until('a', 'b1', 'b2', 'b3');
      // The client of ioredis tries again by itself what meets a slot half moved.
      const told = nodes.flatMap(({ lines }) => lines).filter((line) => !line.includes('the store is back'));
      if (kind === 'ioredis') expect([told, trouble, pool.lines]).toEqual([[], [], []]);
      expect(told.filter((line) => !/TRYAGAIN|did not answer/.test(line))).toEqual([]);
    },
    30_000,
  );
});
