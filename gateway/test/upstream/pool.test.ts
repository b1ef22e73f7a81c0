import { afterEach, describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/index.ts';
import { aRequest } from '../../../test/support.ts';
import { UpstreamPool } from '../../src/upstream/pool.ts';
import { resolvedPool } from '../resolved.ts';
import { clientPoolOf } from './client-pool-of.ts';

type PoolInput = Parameters<typeof resolvedPool>[0];

const [A, B, C] = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3'] as const;
const pools: UpstreamPool[] = [];

afterEach(() => {
  for (const pool of pools.splice(0)) pool.destroy();
});

function aPool(config: Partial<PoolInput> = {}, before?: UpstreamPool) {
  const pool = new UpstreamPool('shop', resolvedPool({ backends: [A, B], ...config }), before);
  pools.push(pool);
  return pool;
}

const backendOf = (pool: UpstreamPool, id: string) =>
  pool.balancer.backends.find((backend) => backend.id === id) as Backend;
const upstreamOf = (pool: UpstreamPool, id: string) => pool.upstreamOf(backendOf(pool, id));
const countsOf = (pool: UpstreamPool) =>
  Object.fromEntries(
    pool.stats().backends.map(({ id, requests, activeConnections }) => [id, [requests, activeConnections]]),
  );

/** A request that is under way. */
function underWay(pool: UpstreamPool, id: string) {
  const upstream = upstreamOf(pool, id);
  upstream.begin();
  return upstream;
}

describe('a pool that takes other backends', () => {
  it('keeps connections, leases and counts of those that stay', () => {
    const pool = aPool();
    const lease = pool.balancer.acquire(aRequest());
    const upstream = underWay(pool, A);
    pool.follow(resolvedPool({ backends: [A, C] }));
    expect(pool.balancer.backends.map(({ id }) => id)).toEqual([A, C]);
    expect(upstreamOf(pool, A)).toBe(upstream);
    expect(clientPoolOf(upstream).isClosing).toBe(false);
    expect(countsOf(pool)).toEqual({ [A]: [1, 1], [C]: [0, 0] });
    if (lease?.backend.id === A) expect(pool.stats().inFlight).toBe(1);
    lease?.release();
  });

  it('forgets those that go, when nobody has them any more', () => {
    const pool = aPool();
    const [idle, busy] = [upstreamOf(pool, A), underWay(pool, B)];
    pool.follow(resolvedPool({ backends: [C] }));
    expect([clientPoolOf(idle).isClosing, clientPoolOf(busy).isClosing]).toEqual([true, false]);
    busy.end('success');
    expect(clientPoolOf(busy).isClosing).toBe(true);
    pool.follow(resolvedPool({ backends: [A, B, C] }));
    expect(countsOf(pool)).toEqual({ [A]: [0, 0], [B]: [0, 0], [C]: [0, 0] });
    expect(upstreamOf(pool, A)).not.toBe(idle);
  });

  it('takes another weight without anything else', () => {
    const pool = aPool({ backends: [{ url: A, id: 'a' }, B] });
    const upstream = underWay(pool, 'a');
    pool.follow(resolvedPool({ backends: [{ url: A, id: 'a', weight: 3 }, B] }));
    expect(pool.stats().backends[0]).toMatchObject({ weight: 3, requests: 1 });
    expect(upstreamOf(pool, 'a')).toBe(upstream);
  });

  it('finds a backend that has moved at its new address, and goes on counting it', () => {
    const pool = aPool({ backends: [{ url: A, id: 'a' }] });
    const upstream = underWay(pool, 'a');
    pool.follow(resolvedPool({ backends: [{ url: B, id: 'a' }] }));
    expect(upstreamOf(pool, 'a').url).toBe(B);
    expect(countsOf(pool)).toEqual({ a: [1, 1] });
    upstream.end('success');
    expect(clientPoolOf(upstream).isClosing).toBe(true);
    expect(countsOf(pool)).toEqual({ a: [1, 0] });
  });

  it('keeps the connections of one that only changes its zone', () => {
    const pool = aPool({ backends: [{ url: A, zone: 'x' }] });
    const upstream = underWay(pool, A);
    pool.follow(resolvedPool({ backends: [{ url: A, zone: 'y' }] }));
    expect(upstreamOf(pool, A)).toBe(upstream);
    expect(pool.stats().backends[0]).toMatchObject({ zone: 'y', requests: 1, activeConnections: 1 });
  });

  it('does the same where operators take one out', () => {
    const pool = aPool();
    const upstream = underWay(pool, A);
    pool.balancer.remove(A);
    expect(clientPoolOf(upstream).isClosing).toBe(false);
    upstream.end('cancelled');
    expect(clientPoolOf(upstream).isClosing).toBe(true);
  });
});

describe('a pool that takes the place of another', () => {
  it('goes on with its connections and counts where backends are reached in the same way', () => {
    const before = aPool();
    const [a, b] = [underWay(before, A), underWay(before, B)];
    const pool = aPool({ backends: [A, C], strategy: 'random' }, before);
    pool.start(before);
    before.close();
    expect(upstreamOf(pool, A)).toBe(a);
    expect(clientPoolOf(a).isClosing).toBe(false);
    expect(countsOf(pool)).toEqual({ [A]: [1, 1], [C]: [0, 0] });
    b.end('success');
    expect(clientPoolOf(b).isClosing).toBe(true);
    a.end('success');
    expect(clientPoolOf(a).isClosing).toBe(false);
    expect(countsOf(pool)[A]).toEqual([1, 0]);
  });

  it.each<[string, Partial<PoolInput>]>([
    ['timeouts', { timeouts: { headersMs: 1_000 } }],
    ['the number of connections', { connections: 5 }],
    ['TLS', { tls: { verify: false } }],
  ])('has connections of its own where %s differ, and goes on counting', (_, config) => {
    const before = aPool();
    const upstream = underWay(before, A);
    const idle = upstreamOf(before, B);
    const pool = aPool(config, before);
    pool.start(before);
    before.close();
    expect(upstreamOf(pool, A)).not.toBe(upstream);
    expect([clientPoolOf(upstream).isClosing, clientPoolOf(idle).isClosing]).toEqual([false, true]);
    expect(countsOf(pool)[A]).toEqual([1, 1]);
    upstream.end('success');
    expect(clientPoolOf(upstream).isClosing).toBe(true);
    expect(countsOf(pool)[A]).toEqual([1, 0]);
  });

  it('leaves nobody without a connection who was let in before', () => {
    const before = aPool();
    const closed = upstreamOf(before, A);
    const pool = aPool({ timeouts: { headersMs: 1_000 } }, before);
    pool.start(before);
    before.close();
    const late = underWay(before, A);
    expect(late).not.toBe(closed);
    expect(clientPoolOf(late).isClosing).toBe(false);
    late.end('success');
    late.destroy();
  });

  it('is as operators and checks have left that one', () => {
    const before = aPool();
    before.balancer.add(C);
    void before.balancer.drain(A);
    before.balancer.markDown(B);
    const states = (config: Partial<PoolInput>) => {
      const pool = aPool(config, before);
      pool.start(before);
      return pool.stats().backends.map(({ id, state }) => [id, state]);
    };
    const health = { intervalMs: 60_000 };
    expect(states({ strategy: 'random', health })).toEqual([
      [A, 'draining'],
      [B, 'down'],
      [C, 'up'],
    ]);
    // Without checks, nobody would bring it back.
    expect(states({ health: false })).toEqual([
      [A, 'draining'],
      [B, 'up'],
      [C, 'up'],
    ]);
  });

  it('touches nothing before it starts', () => {
    const before = aPool();
    const upstream = underWay(before, A);
    aPool({ backends: [C] }, before);
    expect(upstreamOf(before, A)).toBe(upstream);
    expect(countsOf(before)).toEqual({ [A]: [1, 1], [B]: [0, 0] });
    before.balancer.remove(A);
    upstream.end('success');
    expect(clientPoolOf(upstream).isClosing).toBe(true);
  });
});

describe('a pool that ends', () => {
  it('lets what runs end by itself, or not', () => {
    const pool = aPool();
    const [a, b] = [underWay(pool, A), underWay(pool, B)];
    pool.close();
    expect([clientPoolOf(a).isClosing, clientPoolOf(b).isClosing]).toEqual([false, false]);
    a.end('success');
    expect(clientPoolOf(a).isClosing).toBe(true);
    const other = aPool();
    const upstream = underWay(other, A);
    other.destroy();
    expect(clientPoolOf(upstream).isDestroyed).toBe(true);
    expect(clientPoolOf(upstreamOf(other, A)).isDestroyed).toBe(true);
  });
});

describe('the statistics of a pool', () => {
  it('say who is alive: who is up, and in panic who is down, but never who drains', () => {
    const pool = aPool({ backends: [A, B, C], panicRatio: 0.5 });
    const alive = () => pool.stats().backends.map((backend) => backend.alive);
    expect(alive()).toEqual([true, true, true]);
    pool.balancer.markDown(A);
    expect(alive()).toEqual([false, true, true]);
    void pool.balancer.drain(B);
    pool.balancer.markDown(C);
    expect(pool.stats().panic).toBe(true);
    expect(alive()).toEqual([true, false, true]);
  });

  it('have what the pool is made of', () => {
    const stats = aPool({ strategy: 'maglev', retries: false, queue: false }).stats();
    expect(stats).toMatchObject({ name: 'shop', strategy: 'maglev', failover: undefined, queue: undefined });
    expect(stats.backends[0]).toMatchObject({
      id: A,
      url: A,
      share: expect.closeTo(0.5, 1),
      latency: { count: 0 },
    });
  });
});

describe('a failure', () => {
  it.each([
    [true, { 500: false, 502: true, 503: true, 504: true, 429: false }],
    [false, { 500: false, 502: true, 503: true, 504: true, 429: false }],
    [{ retryOn: [429, 500] }, { 500: true, 502: true, 503: true, 504: true, 429: true }],
  ])('is what is worth a retry, too: %j', (retries, statuses) => {
    const pool = aPool({ retries });
    for (const [status, expected] of Object.entries(statuses))
      expect(pool.isFailure(Number(status))).toBe(expected);
  });
});

describe('the states of backends', () => {
  const historyOf = (pool: UpstreamPool, id: string) => {
    const { state, lastStateChangeAt, downSeconds } =
      pool.stats().backends.find((one) => one.id === id) ?? {};
    return { state, hasChanged: lastStateChangeAt !== undefined, wasDown: (downSeconds ?? 0) > 0 };
  };

  it('are followed from event to event', () => {
    const pool = aPool();
    expect(historyOf(pool, A)).toEqual({ state: 'up', hasChanged: false, wasDown: false });
    pool.balancer.markDown(A);
    expect(historyOf(pool, A)).toEqual({ state: 'down', hasChanged: true, wasDown: true });
    void pool.balancer.drain(B);
    expect(historyOf(pool, B)).toEqual({ state: 'draining', hasChanged: true, wasDown: false });
  });

  it('go on through a change of the configuration', () => {
    const before = aPool({ health: { intervalMs: 60_000 } });
    before.balancer.markDown(A);
    const changedAt = before.stats().backends[0]?.lastStateChangeAt;
    const pool = aPool({ health: { intervalMs: 60_000 }, strategy: 'random' }, before);
    pool.start(before);
    const { downSeconds = 0, lastStateChangeAt } = pool.stats().backends[0] ?? {};
    expect(lastStateChangeAt).toBe(changedAt);
    expect(pool.stats().backends[0]?.downSeconds).toBeGreaterThan(downSeconds);
  });

  it('are those of the pool in charge: what its predecessor still sees counts no more', () => {
    const before = aPool({ health: { intervalMs: 60_000 } });
    const pool = aPool({ health: { intervalMs: 60_000 }, strategy: 'random' }, before);
    pool.start(before);
    before.balancer.markDown(A);
    expect(historyOf(pool, A)).toEqual({ state: 'up', hasChanged: false, wasDown: false });
  });
});

describe('the figures of retries', () => {
  it('have those of routes with retries of their own', () => {
    const pool = aPool({ retries: false });
    expect(pool.stats().failover).toBeUndefined();
    expect(pool.retries(false)).toBeUndefined();
    for (const retries of [pool.retries(true), pool.retries(true)]) retries?.begin('error', 'POST', 0);
    expect(pool.stats().failover?.declined).toEqual({ method: 2, exhausted: 0, budget: 0 });
  });
});
