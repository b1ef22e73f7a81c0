import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryRateLimiter } from '../../src/rate-limit/index.ts';
import { aRequest } from '../../test/support.ts';
import type { RateLimiterFactory, RouteRateLimit } from '../src/contracts.ts';
import { EventLog } from '../src/observation/event-log.ts';
import { buildRuntime, type Runtime } from '../src/runtime.ts';
import type { UpstreamPool } from '../src/upstream/pool.ts';
import { resolved } from './resolved.ts';
import { routeFor } from './routing/a-query.ts';
import { clientPoolOf } from './upstream/client-pool-of.ts';
import { KeptLog } from './workers/fakes.ts';

type ConfigInput = Parameters<typeof resolved>[0];

const [A, B, C] = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3'] as const;
const pools = new Set<UpstreamPool>();

afterEach(() => {
  for (const pool of pools) pool.destroy();
  pools.clear();
});

function setUp() {
  const log = new KeptLog();
  const events = new EventLog(log);
  const build = (config: ConfigInput, before?: Runtime) => {
    const built = buildRuntime(resolved(config), before, { log, events, rateLimiter: memoryRateLimiter });
    for (const pool of built.runtime.pools.values()) pools.add(pool);
    return built;
  };
  /** Builds it and takes it. */
  const take = (config: ConfigInput, before?: Runtime) => {
    const built = build(config, before);
    built.take();
    return built.runtime;
  };
  return { log, events, build, take };
}

const poolOf = (runtime: Runtime, name = 'shop') => runtime.pools.get(name) as UpstreamPool;
const ids = (runtime: Runtime) => poolOf(runtime).balancer.backends.map(({ id }) => id);
const RATE = { points: 5, durationMs: 60_000 };

describe('what a configuration stands for', () => {
  it('is its pools, and routes to them', () => {
    const { take } = setUp();
    const runtime = take({
      pools: { shop: { backends: [A] }, api: { backends: [B] } },
      routes: [
        { path: '/api', pool: 'api' },
        { path: '/', pool: 'shop' },
      ],
    });
    expect([...runtime.pools.keys()]).toEqual(['shop', 'api']);
    expect(routeFor(runtime.routes, 'any', '/api/x')?.pool).toBe(poolOf(runtime, 'api'));
    expect(routeFor(runtime.routes, 'any', '/x')?.pool).toBe(poolOf(runtime));
  });

  it('is one route for everything where there is one pool and no route', () => {
    const { routes } = setUp().take({ pools: { shop: { backends: [A] } } });
    expect(routes.routes.map(({ host, path, gate }) => [host, path, gate])).toEqual([['*', '/', undefined]]);
  });

  it('tells of its pools in its events', () => {
    const { take, events } = setUp();
    poolOf(take({ pools: { shop: { backends: [A, B, C] } } })).balancer.markDown(A);
    expect(events.events).toMatchObject([{ pool: 'shop', type: 'down', backend: A }]);
  });
});

describe('another configuration', () => {
  const BEFORE: ConfigInput = { pools: { shop: { backends: [A, B] } } };

  it('keeps pools whose settings are the same, with the backends that it names', () => {
    const { take } = setUp();
    const before = take(BEFORE);
    const lease = poolOf(before).balancer.acquire(aRequest());
    const next = take({ pools: { shop: { backends: [A, B, C] } }, limits: { urlBytes: 100 } }, before);
    expect(poolOf(next)).toBe(poolOf(before));
    expect(ids(next)).toEqual([A, B, C]);
    expect(poolOf(next).stats().inFlight).toBe(1);
    lease?.release();
  });

  it('makes pools whose settings differ anew, and closes those before them', () => {
    const { take } = setUp();
    const before = take(BEFORE);
    const close = vi.spyOn(poolOf(before), 'close');
    const next = take({ pools: { shop: { backends: [A, B], strategy: 'random' } } }, before);
    expect(poolOf(next)).not.toBe(poolOf(before));
    expect(close).toHaveBeenCalledOnce();
  });

  it('leaves backends as they are, which is no news', () => {
    const { take, events } = setUp();
    const before = take(BEFORE);
    poolOf(before).balancer.markDown(A);
    const next = take({ pools: { shop: { backends: [A, B], strategy: 'random', health: true } } }, before);
    expect(poolOf(next).stats().backends[0]).toMatchObject({ id: A, state: 'down' });
    expect(events.events).toHaveLength(1);
    poolOf(next).balancer.markUp(A);
    expect(events.events.map(({ type }) => type)).toEqual(['down', 'up']);
  });

  it('closes pools that it no longer has', () => {
    const { take } = setUp();
    const before = take(BEFORE);
    const close = vi.spyOn(poolOf(before), 'close');
    const next = take({ pools: { api: { backends: [A] } } }, before);
    expect([...next.pools.keys()]).toEqual(['api']);
    expect(close).toHaveBeenCalledOnce();
  });

  it('keeps what clients have used of a rate, unless the rate itself changed', () => {
    const { take } = setUp();
    const limiterOf = (runtime: Runtime) => [...runtime.limiters.values()][0];
    const withRate = (rateLimit: object, extra: object = {}) =>
      ({ ...BEFORE, ...extra, routes: [{ pool: 'shop', rateLimit }] }) as ConfigInput;
    const before = take(withRate(RATE));
    const same = take(withRate(RATE, { pools: { shop: { backends: [C], strategy: 'random' } } }), before);
    expect(limiterOf(same)).toBe(limiterOf(before));
    expect(limiterOf(take(withRate({ ...RATE, points: 6 }), same))).not.toBe(limiterOf(same));
    expect(limiterOf(take(withRate({ ...RATE, by: { header: 'X-Key' } }), same))).not.toBe(limiterOf(same));
    expect(take(BEFORE, same).limiters.size).toBe(0);
  });

  it('changes nothing before it is taken', () => {
    const { build, take, log } = setUp();
    const before = take(BEFORE);
    const pool = poolOf(before);
    const upstream = pool.upstreamOf(pool.balancer.backends[0]!);
    const lines = log.lines.length;
    build({ pools: { shop: { backends: [C] } } }, before);
    build({ pools: { shop: { backends: [C], strategy: 'random', health: true } } }, before);
    expect(ids(before)).toEqual([A, B]);
    expect(clientPoolOf(upstream).isClosing).toBe(false);
    expect(pool.upstreamOf(pool.balancer.backends[0]!)).toBe(upstream);
    expect(log.lines.length).toBe(lines);
  });

  it('changes nothing where it throws', () => {
    const { build, take } = setUp();
    const before = take(BEFORE);
    const config = resolved({
      pools: { good: { backends: [C] }, shop: { backends: [A] } },
      routes: [{ pool: 'shop' }],
    });
    const wrong = {
      ...config,
      pools: { ...config.pools, shop: { ...config.pools.shop!, retries: { retries: -1 } as never } },
    };
    const log = new KeptLog();
    const surroundings = { log, events: new EventLog(log), rateLimiter: memoryRateLimiter };
    expect(() => buildRuntime(wrong, before, surroundings)).toThrow(RangeError);
    expect(ids(before)).toEqual([A, B]);
    const next = build({ pools: { shop: { backends: [A, B] } } }, before).runtime;
    expect(poolOf(next)).toBe(poolOf(before));
  });
});

describe('the gate of a route', () => {
  it('counts by client, or by what a header says; whoever sends none is let through', async () => {
    const { take } = setUp();
    const one = { ...RATE, points: 1 };
    const runtime = take({
      pools: { shop: { backends: [A] } },
      routes: [
        { path: '/', pool: 'shop', rateLimit: one },
        { path: '/api', pool: 'shop', rateLimit: { ...one, by: { header: 'X-Key' } } },
      ],
    });
    const refused = async (path: string, request: object) =>
      (await routeFor(runtime.routes, '', path)!.gate!.admit(aRequest(path, request))).refusal?.status;
    expect(await refused('/', { clientAddress: '192.0.2.1' })).toBeUndefined();
    expect(await refused('/', { clientAddress: '192.0.2.1' })).toBe(429);
    expect(await refused('/', { clientAddress: '192.0.2.2' })).toBeUndefined();
    for (let i = 0; i < 3; i++) expect(await refused('/api', { clientAddress: '192.0.2.1' })).toBeUndefined();
    expect(await refused('/api', { headers: { 'x-key': 'k' } })).toBeUndefined();
    expect(await refused('/api', { headers: { 'x-key': 'k' } })).toBe(429);
  });

  it('counts where it is told to, under a name of its own', async () => {
    const limits: RouteRateLimit[] = [];
    const rateLimiter: RateLimiterFactory = (limit) => {
      limits.push(limit);
      return {
        take: async (key) => ({ allowed: key !== '192.0.2.1', limit: 5, remaining: 0, resetMs: 1_000 }),
      };
    };
    const config = resolved({
      pools: { shop: { backends: [A] } },
      routes: [
        { host: 'a.test', path: '/x', pool: 'shop', rateLimit: RATE },
        { path: '/', pool: 'shop', rateLimit: { ...RATE, by: { header: 'X-Key' } } },
      ],
    });
    const log = new KeptLog();
    const { runtime } = buildRuntime(config, undefined, { log, events: new EventLog(log), rateLimiter });
    expect(limits).toEqual([
      { name: 'a.test/x client-address 5/60000', points: 5, durationMs: 60_000 },
      { name: '*/ header x-key 5/60000', points: 5, durationMs: 60_000 },
    ]);
    const gate = routeFor(runtime.routes, 'a.test', '/x')?.gate;
    const statusFor = async (clientAddress: string) =>
      (await gate?.admit(aRequest('/x', { clientAddress })))?.refusal?.status;
    expect([await statusFor('192.0.2.1'), await statusFor('192.0.2.2')]).toEqual([429, undefined]);
  });
});
