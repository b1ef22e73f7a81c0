// Balancers that share their keys in a real Redis, with both clients.
import { createServer, connect as dial, type Socket } from 'node:net';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  joinFleet,
  type RedisFleetOptions,
  redisFleet,
  shareChecks,
  shareKeys,
} from '../../src/fleet/index.ts';
import { Balancer, HealthChecker } from '../../src/index.ts';
import { disagreement, keysOf } from '../fleet/agreement.ts';
import { REDIS, redisServer } from '../servers/redis.ts';
import { isInstalled } from '../servers/server-process.ts';
import { nativePool } from '../support.ts';

const hasRedis = isInstalled(REDIS);

describe.each(['ioredis', 'node-redis'])(
  `keys shared in Redis, by %s${hasRedis ? '' : ' (SKIPPED: redis-server is not installed)'}`,
  (kind) => {
    const test = hasRedis ? it : it.skip;
    let server: Awaited<ReturnType<typeof redisServer>>;
    let fleets = 0;
    const ends: (() => unknown)[] = [];

    beforeAll(async () => {
      if (hasRedis) server = await redisServer();
    });
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });
    afterAll(() => server?.process.kill());

    async function aClient(port = server.port): Promise<RedisFleetOptions['client']> {
      if (kind === 'ioredis') {
        const client = new Redis({
          port,
          host: '127.0.0.1',
          retryStrategy: () => 20,
          maxRetriesPerRequest: null,
        });
        client.on('error', () => {});
        ends.push(() => client.disconnect());
        return client;
      }
      const client = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: () => 20 } });
      client.on('error', () => {});
      await client.connect();
      ends.push(() => client.destroy());
      return client;
    }

    /** Balancers that share their keys, each by clients of its own. */
    async function aFleet(
      count: number,
      prefix: string,
      port?: number,
      more: Partial<RedisFleetOptions> = {},
    ) {
      const fleet = await Promise.all(
        Array.from({ length: count }, async () => {
          const balancer = new Balancer(nativePool(10));
          const store = redisFleet({ client: await aClient(port), prefix, timeoutMs: 500, ...more });
          const shared = shareKeys(balancer, store);
          ends.push(() => shared.close());
          return { balancer, shared };
        }),
      );
      await expect.poll(() => fleet.every(({ shared }) => shared.stats().connected)).toBe(true);
      return fleet;
    }
    type Fleet = Awaited<ReturnType<typeof aFleet>>;

    /** Each key to each balancer, in an order of its own, so that they would place keys differently. */
    function send(fleet: Fleet, keys: readonly string[]): void {
      fleet.forEach(({ balancer }, i) => {
        const from = Math.floor((i * keys.length) / fleet.length);
        for (const key of [...keys.slice(from), ...keys.slice(0, from)]) balancer.acquire(key)?.release();
      });
    }
    const apart = (fleet: Fleet, keys: readonly string[]) =>
      disagreement(
        fleet.map(({ balancer }) => balancer),
        keys,
      );

    test('agree', async () => {
      const fleet = await aFleet(4, `f${++fleets}`);
      const keys = keysOf(100);
      send(fleet, keys);
      expect(apart(fleet, keys)).toBeGreaterThan(0.05);
      await expect.poll(() => apart(fleet, keys)).toBe(0);
      const late = await aFleet(1, `f${fleets}`);
      expect(apart([...fleet, ...late], keys)).toBe(0);
    });

    test('hear of keys that they were not asked for', async () => {
      const [one, other] = (await aFleet(2, `f${++fleets}`)) as [Fleet[number], Fleet[number]];
      send([one], keysOf(60));
      await expect.poll(() => other.balancer.stats().keys).toBe(60);
    });

    test('do not mix with another fleet', async () => {
      const prefix = `f${++fleets}`;
      const [one, other] = await Promise.all([aFleet(1, prefix), aFleet(1, `${prefix}x`)]);
      send(one, keysOf(20));
      await expect.poll(() => one[0]?.shared.stats().waiting).toBe(0);
      expect(other[0]?.balancer.stats().keys).toBe(0);
    });

    test('go on while Redis is away, and agree when it is back and empty', async () => {
      const own = await redisServer();
      ends.unshift(() => own.process.kill());
      const fleet = await aFleet(3, 'f', own.port);
      const keys = keysOf(60);
      send(fleet, keys);
      await expect.poll(() => apart(fleet, keys)).toBe(0);
      own.process.kill();
      await expect.poll(() => fleet.some(({ shared }) => shared.stats().connected)).toBe(false);
      const all = [...keys, ...keysOf(20, 'new')];
      send(fleet, all);
      expect(apart(fleet, keys)).toBe(0);
      await own.process.start();
      await expect.poll(() => apart(fleet, all), { timeout: 8_000 }).toBe(0);
    }, 20_000);

    test('notice that the connection they listen on is dead', async () => {
      const sockets = new Set<Socket & { isHeld?: boolean }>();
      // Takes in bytes and passes none on once it is held.
      const proxy = createServer((near) => {
        const far = dial(server.port, '127.0.0.1');
        const pass = (from: Socket, to: Socket) =>
          from.on('data', (bytes) => (near as Socket & { isHeld?: boolean }).isHeld || to.write(bytes));
        pass(near, far);
        pass(far, near);
        for (const [one, two] of [
          [near, far],
          [far, near],
        ] as const)
          one.on('error', () => two.destroy()).on('close', () => two.destroy());
        sockets.add(near as Socket & { isHeld?: boolean });
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      ends.unshift(() => {
        for (const socket of sockets) socket.destroy();
        proxy.close();
      });
      const { port } = proxy.address() as { port: number };
      const prefix = `f${++fleets}`;
      const behind = await aFleet(1, prefix, port, { testEveryMs: 50, timeoutMs: 200 });
      const direct = await aFleet(1, prefix);
      for (const socket of sockets) socket.isHeld = true;
      await expect.poll(() => behind[0]?.shared.stats().connected).toBe(false);
      // Connections made from now on work; that of commands is its owner's, and is broken here.
      for (const socket of sockets) if (socket.isHeld) socket.destroy();
      send(direct, keysOf(60));
      send(behind, keysOf(60).reverse());
      await expect.poll(() => apart([...behind, ...direct], keysOf(60)), { timeout: 8_000 }).toBe(0);
    }, 20_000);

    /** Members that share the checks of six backends, each by clients of its own. */
    async function aCrew(count: number, prefix: string, port: number) {
      const failing = new Set<string>();
      const lines: string[] = [];
      const report = (line: string) => lines.push(line);
      const service = {
        sendRequest: async (url: string) => ({
          status: failing.has(new URL(url).origin) ? 503 : 200,
          data: '',
        }),
      };
      const crew = await Promise.all(
        Array.from({ length: count }, async () => {
          const balancer = new Balancer(nativePool(6));
          const store = redisFleet({ client: await aClient(port), prefix, timeoutMs: 200 });
          const member = joinFleet(store, { ttlMs: 600, report });
          const checker = new HealthChecker(balancer as Balancer<unknown>, service, { intervalMs: 50 });
          const shared = shareChecks(checker, member);
          ends.push(() => {
            shared.close();
            checker.close();
            return member.close();
          });
          return { balancer, shared, member };
        }),
      );
      const own = () => crew.reduce((sum, { shared }) => sum + shared.stats().own, 0);
      await expect.poll(own).toBe(12);
      return {
        crew,
        failing,
        lines,
        own,
        states: (id: string) => crew.map(({ balancer }) => balancer.stateOf(id)),
      };
    }

    test('check backends for each other, and each for itself while Redis is away', async () => {
      const server = await redisServer();
      ends.unshift(() => server.process.kill());
      const { crew, failing, lines, own, states } = await aCrew(4, 'f', server.port);
      const [one, other] = ['http://10.0.0.1:8080', 'http://10.0.0.2:8080'];
      failing.add(one);
      await expect.poll(() => states(one)).toEqual(Array(4).fill('down'));
      await server.process.kill();
      await expect.poll(own).toBe(24);
      failing.add(other);
      await expect.poll(() => states(other)).toEqual(Array(4).fill('down'));
      await server.process.start();
      await expect.poll(own, { timeout: 8_000 }).toBe(12);
      failing.clear();
      await expect.poll(() => states(one)).toEqual(Array(4).fill('up'));
      await crew[0]?.member.close();
      await expect.poll(() => crew[1]?.shared.stats().members).toBe(3);
      const said = (part: string) => lines.filter((line) => line.includes(part)).length;
      expect([said('each checks backends for itself: '), said('the store is back')]).toEqual([4, 4]);
    }, 20_000);
  },
);
