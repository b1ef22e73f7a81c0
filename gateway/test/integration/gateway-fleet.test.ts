// Gateways that agree where keys are: by the setting `fleet`, with a real Redis.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { memoryFleet } from 'evenkeel/fleet';
import { afterEach, describe, expect, it } from 'vitest';
import { REDIS, redisServer } from '../../../test/servers/redis.ts';
import { isInstalled } from '../../../test/servers/server-process.ts';
import { hmacToken, SECRET } from '../../../test/sessions/jwt-tokens.ts';
import type { Gateway } from '../../src/contracts.ts';
import { createGateway } from '../../src/gateway.ts';
import type { GatewayParts } from '../../src/gateway-parts.ts';
import { atTheEnd, configOf, endAll } from './gateway/lab.ts';

afterEach(endAll);
const hasRedis = isInstalled(REDIS);
const PATHS = Array.from({ length: 30 }, (_, i) => `/page/${i}`);

async function aBackend(name: string): Promise<string> {
  const server = createServer((_, response) => response.end(name)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTheEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Three gateways in front of the same ten backends. */
async function gatewaysOf(config: object, parts: GatewayParts = {}, pool: object = {}) {
  const backends = await Promise.all(Array.from({ length: 10 }, (_, i) => aBackend(`b${i}`)));
  const gateways = Array.from({ length: 3 }, () =>
    createGateway(configOf({ backends, health: false, ...pool }, { admin: { port: 0 }, ...config }), parts),
  );
  for (const gateway of gateways) atTheEnd(() => gateway.close(0));
  const ports = await Promise.all(gateways.map((gateway) => gateway.listen()));
  const urls = ports.map(([http]) => `http://127.0.0.1:${http?.port}`);
  const metrics = async () => (await fetch(`http://127.0.0.1:${ports[0]?.[1]?.port}/metrics`)).text();
  /** For each path, how many backends it is on. */
  const spread = async () => {
    const on = new Map(PATHS.map((path) => [path, new Set<string>()]));
    for (const [i, url] of urls.entries())
      for (const path of [...PATHS.slice(i * 7), ...PATHS.slice(0, i * 7)])
        on.get(path)?.add(await (await fetch(url + path)).text());
    return Math.max(...[...on.values()].map(({ size }) => size));
  };
  return {
    gateways,
    urls,
    metrics,
    spread,
    fleets: () => gateways.map((one) => one.stats().pools[0]?.fleet),
  };
}

/** A backend that is well or not. */
async function aCheckedBackend(name: string) {
  const backend = { url: '', isWell: true };
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/health' && !backend.isWell ? 503 : 200;
    response.end(name);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTheEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  backend.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return backend;
}

async function gatewaysAt(
  backends: readonly string[],
  health: object,
  { config = {}, parts = {} }: { config?: object | undefined; parts?: GatewayParts | undefined },
  count = 5,
): Promise<Gateway[]> {
  const gateways = Array.from({ length: count }, () =>
    createGateway(configOf({ backends, health }, config), parts),
  );
  for (const gateway of gateways) atTheEnd(() => gateway.close(0));
  await Promise.all(gateways.map((gateway) => gateway.listen()));
  return gateways;
}

describe('gateways', () => {
  it('place keys each by itself without a fleet', async () => {
    const { spread, fleets } = await gatewaysOf({});
    expect(fleets()).toEqual([undefined, undefined, undefined]);
    expect(await spread()).toBeGreaterThan(1);
  });

  it('agree by a store that is passed in, also after a reload that makes a new engine', async () => {
    const { gateways, spread, fleets } = await gatewaysOf({}, { fleet: memoryFleet() });
    await spread();
    await expect.poll(spread).toBe(1);
    expect(fleets()[0]).toMatchObject({ connected: true, keys: 30, waiting: 0, failures: 0 });
    const { backends } = gateways[0]?.stats().pools[0] ?? { backends: [] };
    const urls = backends.map(({ url }) => url);
    for (const gateway of gateways)
      await gateway.reload(
        configOf({ backends: urls, health: false, retries: false }, { admin: { port: 0 } }),
      );
    expect(await spread()).toBe(1);
  });

  (hasRedis ? it : it.skip)('agree by Redis, and tell of it in metrics', async () => {
    const store = await redisServer();
    atTheEnd(() => store.process.kill());
    const fleet = { redis: { url: `redis://127.0.0.1:${store.port}`, prefix: 'shop' } };
    const { spread, fleets, metrics } = await gatewaysOf({ fleet });
    await expect.poll(() => fleets().every((one) => one?.connected)).toBe(true);
    await spread();
    await expect.poll(spread).toBe(1);
    expect(await metrics()).toContain('evenkeel_fleet_connected{pool="shop"} 1');
    expect(await metrics()).toContain('evenkeel_fleet_keys{pool="shop"} 30');
    expect(await metrics()).toContain('evenkeel_fleet_gateways{pool="shop"} 3');
    expect(await metrics()).toContain('evenkeel_fleet_differing{pool="shop"} 0');
  });

  (hasRedis ? it : it.skip)('see by Redis which of them differ, and in what, until they end', async () => {
    const store = await redisServer();
    atTheEnd(() => store.process.kill());
    const fleet = { redis: { url: `redis://127.0.0.1:${store.port}` } };
    const { gateways } = await gatewaysOf({ fleet });
    const seen = () => gateways[0]?.stats().pools[0]?.fleet?.gateways.map(({ difference }) => difference);
    await expect.poll(seen).toEqual([undefined, undefined, undefined]);
    const backend = { url: 'http://10.9.9.9', id: 'extra' };
    await gateways[2]?.control.change({ type: 'add', pool: 'shop', backend });
    await expect.poll(() => seen()?.slice(1).sort()).toEqual(['has also extra', undefined]);
    await gateways[2]?.control.change({ type: 'remove', pool: 'shop', backend: 'extra' });
    await expect.poll(seen).toEqual([undefined, undefined, undefined]);
    await gateways[1]?.close();
    await expect.poll(seen).toHaveLength(2);
  });

  describe.each([
    ['by a store that is passed in', async () => ({ parts: { fleet: memoryFleet() } })],
    ...(hasRedis
      ? [
          [
            'by Redis',
            async () => {
              const { port, process } = await redisServer();
              atTheEnd(() => process.kill());
              return { config: { fleet: { redis: { url: `redis://127.0.0.1:${port}` } } }, store: process };
            },
          ] as const,
        ]
      : []),
  ] as const)('with health checks shared %s', (_, shared) => {
    const health = { intervalMs: 40, fastIntervalMs: 20, path: '/health' } as const;

    it('check each backend by two, and know of failures', async () => {
      const { config, parts } = (await shared()) as { config?: object; parts?: GatewayParts };
      const backends = await Promise.all(Array.from({ length: 6 }, (_, i) => aCheckedBackend(`b${i}`)));
      const fleet = await gatewaysAt(
        backends.map(({ url }) => url),
        health,
        { config, parts },
      );
      const checks = () => fleet.map((one) => one.stats().pools[0]?.fleet?.checks);
      const shares = () => checks().reduce((sum, one) => sum + (one?.own ?? 0), 0);
      await expect.poll(() => [checks().every((one) => one?.members === 5), shares()]).toEqual([true, 12]);
      expect(checks()).toMatchObject(Array(5).fill({ connected: true, strangers: 0, alone: 0, disputed: 0 }));
      const [one] = backends as [(typeof backends)[number]];
      const states = () => fleet.map((gateway) => gateway.stats().pools[0]?.backends[0]);
      one.isWell = false;
      await expect.poll(() => states().map((state) => state?.state)).toEqual(Array(5).fill('down'));
      expect(states().map((state) => state?.checkFailure)).toEqual(Array(5).fill('status 503'));
      // A reload of one makes a new engine there, which is told what the others know.
      await fleet[0]?.reload(
        configOf({ backends: backends.map(({ url }) => url), health, retries: false }, config),
      );
      await expect.poll(() => states().map((state) => state?.state)).toEqual(Array(5).fill('down'));
      one.isWell = true;
      await expect.poll(() => states().map((state) => state?.state)).toEqual(Array(5).fill('up'));
      await fleet[4]?.close(0);
      // At once, not when its time is over.
      await expect
        .poll(() => checks().map((one) => one?.members), { timeout: 1_500 })
        .toEqual([4, 4, 4, 4, 1]);
    });
  });

  it('check for themselves if the file says so', async () => {
    const { url } = await aCheckedBackend('a');
    const config = { fleet: { redis: { url: 'redis://127.0.0.1:1' }, checks: 'own' } } as const;
    const [one] = await gatewaysAt([url], { intervalMs: 40 }, { config }, 1);
    expect(one?.stats().pools[0]?.fleet?.checks).toBeUndefined();
  });

  (hasRedis ? it : it.skip)(
    'have a session by JWT at the same backend from its first request on',
    async () => {
      const store = await redisServer();
      atTheEnd(() => store.process.kill());
      const fleet = { redis: { url: `redis://127.0.0.1:${store.port}` } };
      const sessions = { jwt: { key: SECRET, algorithms: ['HS256'] } };
      const { urls } = await gatewaysOf({ fleet }, {}, { sessions });
      const exp = Math.ceil(Date.now() / 1_000) + 3_600;
      const at = async (url: string, sub: string, path: string) => {
        const authorization = `Bearer ${hmacToken({ sub, exp })}`;
        return (await fetch(url + path, { headers: { authorization } })).text();
      };
      const places = await Promise.all(
        PATHS.map(
          async (path, i) => new Set(await Promise.all(urls.map((url) => at(url, `client ${i}`, path)))),
        ),
      );
      expect(places.map(({ size }) => size)).toEqual(PATHS.map(() => 1));
      expect(new Set(places.flatMap((one) => [...one])).size).toBeGreaterThan(5);
    },
  );

  (hasRedis ? it : it.skip)('count rates together in Redis', async () => {
    const store = await redisServer();
    atTheEnd(() => store.process.kill());
    const redis = { url: `redis://127.0.0.1:${store.port}` };
    const rateLimit = { points: 4, durationMs: 60_000, by: { header: 'x-user' } };
    const urls = await Promise.all(
      [1, 2].map(async () => {
        const routes = [{ path: '/', pool: 'shop', rateLimit }];
        const gateway = createGateway(
          configOf({ backends: [await aBackend('b')] }, { routes, rateLimits: { redis } }),
        );
        atTheEnd(() => gateway.close(0));
        const [http] = await gateway.listen();
        return `http://127.0.0.1:${http?.port}/`;
      }),
    );
    let users = 0;
    /** How many of eight requests of a new user are allowed, in turn at both gateways. */
    const allowed = async () => {
      const headers = { 'x-user': `u${++users}` };
      let count = 0;
      for (let i = 0; i < 8; i++)
        if ((await fetch(urls[i % 2] as string, { headers })).status === 200) count++;
      return count;
    };
    // Each counts by itself until it is connected.
    await expect.poll(allowed, { timeout: 5_000 }).toBe(4);
    await store.process.kill();
    await expect.poll(allowed, { timeout: 5_000 }).toBe(8);
  });
});
