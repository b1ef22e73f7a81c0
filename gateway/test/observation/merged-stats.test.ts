import { describe, expect, it } from 'vitest';
import type { BackendState } from '../../../src/index.ts';
import type { GatewayStats } from '../../src/contracts.ts';
import { mergeStats } from '../../src/observation/merged-stats.ts';
import { backendStats, gatewayStats, latencyOf, poolStats } from './figures.ts';

/** A worker with one pool of one backend. */
function aWorker(overrides: Partial<GatewayStats> = {}, backend: Parameters<typeof backendStats>[1] = {}) {
  return gatewayStats({ pools: [poolStats('shop', [backendStats('a', backend)])], ...overrides });
}

describe('mergeStats', () => {
  it('leaves one worker as it is', () => {
    const one = gatewayStats();
    expect(mergeStats([one])).toEqual(one);
  });

  it('adds figures up', () => {
    const merged = mergeStats([aWorker(), aWorker({ startedAt: 1_600_000_000_000 })]);
    expect(merged).toMatchObject({
      version: '1.2.3',
      workers: 2,
      startedAt: 1_600_000_000_000,
      connections: { open: 6, accepted: 60, refused: 4 },
      requests: {
        total: 80,
        inFlight: 8,
        statuses: { '2xx': 40, '3xx': 10, '4xx': 12, '5xx': 8 },
        cancelled: 2,
        rateLimited: 4,
        errors: { ERR_GW_NO_ROUTE: 4 },
      },
      tunnels: { open: 2, total: 18 },
      bytes: { received: 2_000, sent: 4_000 },
    });
    expect(merged.latency).toEqual(latencyOf(1, 1, 20, 20, 40_000, 40_000));
  });

  it('goes for what fleets and sources are now by the workers that run', () => {
    const past = aWorker({ workers: 0 });
    const pool = poolStats('shop', []);
    const now = gatewayStats({
      pools: [
        {
          ...pool,
          fleet: pool.fleet && { ...pool.fleet, keys: 3, seen: 1 },
          discovery: pool.discovery.map((source) => ({ ...source, ageMs: 10, backends: 1 })),
        },
      ],
    });
    const [merged] = mergeStats([now, past]).pools;
    expect(merged?.fleet).toMatchObject({ keys: 3, seen: 1, calls: 24 });
    expect(merged?.discovery).toMatchObject([{ ageMs: 10, backends: 1, snapshots: 24 }]);
  });

  it('adds pools and backends up by their names', () => {
    const other = gatewayStats({
      pools: [poolStats('api', []), poolStats('shop', [backendStats('b'), backendStats('a')])],
    });
    const { pools } = mergeStats([aWorker(), other]);
    expect(pools.map(({ name, backends }) => [name, backends.map(({ id }) => id)])).toEqual([
      ['shop', ['a', 'b']],
      ['api', []],
    ]);
    expect(pools[0]).toMatchObject({
      keys: 14,
      inFlight: 8,
      failover: {
        retries: { status: 2, error: 4, unsent: 6, trial: 8 },
        declined: { method: 8, exhausted: 10, budget: 12 },
      },
      queue: { depth: 2, served: 4, waitMs: { sum: 3_000, max: 900 } },
    });
    expect(pools[0]?.backends[0]).toMatchObject({
      weight: 1,
      share: 0.5,
      activeConnections: 4,
      requests: 20,
      errors: 2,
      cancelled: 6,
      spills: 8,
      keys: 10,
      statuses: { '2xx': 12, '3xx': 0, '4xx': 2, '5xx': 2 },
    });
  });

  it('keeps what no worker has undefined', () => {
    const plain = gatewayStats({ pools: [poolStats('shop', [], { failover: undefined, queue: undefined })] });
    expect(mergeStats([plain, plain]).pools[0]).toMatchObject({ failover: undefined, queue: undefined });
  });

  it.each<[BackendState[], BackendState]>([
    [['down', 'up', 'draining'], 'up'],
    [['down', 'barred'], 'barred'],
    [['draining', 'down'], 'down'],
    [['draining', 'draining'], 'draining'],
  ])('takes the least grave of the states %j', (states, state) => {
    const workers = states.map((own) => aWorker({}, { state: own, alive: own === 'up' }));
    const [backend] = mergeStats(workers).pools[0]?.backends ?? [];
    expect(backend).toMatchObject({ state, alive: states.includes('up') });
  });

  it('tells of a failed check that one worker has seen', () => {
    const [backend] =
      mergeStats([aWorker(), aWorker({}, { checkFailure: 'status 503' })]).pools[0]?.backends ?? [];
    expect(backend?.checkFailure).toBe('status 503');
  });

  it('shows that workers disagree on a pool', () => {
    const differing = gatewayStats({ pools: [poolStats('shop', [], { fingerprint: 'beef' })] });
    expect(mergeStats([aWorker(), differing]).pools[0]?.fingerprint).toBe('f00d, beef');
  });

  it('is ready, or in panic, as soon as one worker is', () => {
    const calm = aWorker({ ready: false });
    const panicking = gatewayStats({ pools: [poolStats('shop', [], { panic: true })] });
    expect(mergeStats([calm, panicking])).toMatchObject({ ready: true, pools: [{ panic: true }] });
    expect(mergeStats([calm, calm])).toMatchObject({ ready: false, pools: [{ panic: false }] });
  });

  it('counts the totals of a worker that has ended, and nothing else of it', () => {
    const ended = aWorker({ workers: 0, ready: true }, { state: 'up', alive: true });
    const gone = gatewayStats({ workers: 0, pools: [poolStats('gone', [backendStats('x')])] });
    const merged = mergeStats([ended, aWorker({ ready: false }, { state: 'down', alive: false }), gone]);
    expect(merged).toMatchObject({
      workers: 1,
      ready: false,
      connections: { open: 3, accepted: 90 },
      requests: { total: 120, inFlight: 4 },
      tunnels: { open: 1, total: 27 },
    });
    expect(merged.pools.map(({ name }) => name)).toEqual(['shop']);
    expect(merged.pools[0]).toMatchObject({ keys: 7, inFlight: 4, queue: { depth: 1, served: 4 } });
    expect(merged.pools[0]?.backends[0]).toMatchObject({
      state: 'down',
      alive: false,
      activeConnections: 2,
      keys: 5,
      requests: 20,
    });
  });

  it('is all zero where no worker is left', () => {
    expect(mergeStats([])).toMatchObject({
      workers: 0,
      ready: false,
      requests: { total: 0, statuses: { '2xx': 0, '5xx': 0 }, errors: {} },
      latency: { count: 0 },
      pools: [],
      events: [],
    });
  });

  it('takes any name for what it is', () => {
    const errors = JSON.parse('{"__proto__":1,"constructor":2}') as Record<string, number>;
    const { requests } = gatewayStats();
    const odd = aWorker({ requests: { ...requests, errors } });
    expect(Object.entries(mergeStats([odd, odd]).requests.errors)).toEqual([
      ['__proto__', 2],
      ['constructor', 4],
    ]);
    expect('polluted' in {}).toBe(false);
  });
});
