import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Engine } from '../src/engine.ts';
import { ConfigError } from '../src/errors.ts';
import type { UnderWay } from '../src/forwarding/context.ts';
import { UpstreamPool } from '../src/upstream/pool.ts';
import { resolved } from './resolved.ts';
import { KeptLog } from './workers/fakes.ts';

type ConfigInput = Parameters<typeof resolved>[0];

const [A, B] = ['http://10.0.0.1', 'http://10.0.0.2'] as const;
const NO_CONNECTIONS = { open: 0, accepted: 0, refused: 0 };
const engines: Engine[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const engine of engines.splice(0)) engine.destroy();
});

function anEngine(config: ConfigInput = { pools: { shop: { backends: [A] } } }) {
  const engine = new Engine(resolved(config), new KeptLog(), () => NO_CONNECTIONS);
  engines.push(engine);
  return engine;
}

describe('an engine', () => {
  it('tells of itself', () => {
    const engine = anEngine();
    expect(engine.stats()).toMatchObject({
      node: process.versions.node,
      workers: 1,
      ready: false,
      connections: NO_CONNECTIONS,
      requests: { total: 0, inFlight: 0 },
      tunnels: { open: 0, total: 0 },
      pools: [{ name: 'shop' }],
      events: [],
    });
    engine.start();
    expect(engine.stats().ready).toBe(true);
  });

  it('is told apart from others of its name: only its own Via is a loop', () => {
    const names = [anEngine(), anEngine()].map(({ context }) => context.identity.name);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^evenkeel-[\da-f]{8}$/);
  });

  it.each([
    ['its backends', {}, /^3\d(\.\d)? % of the keys have another home: .* to http:\/\/10\.0\.0\.3$/],
    ['its ring', { strategy: { name: 'consistent-hash', ring: 'nginx' } as const }, /^about 6\d(\.\d)? % /],
  ])('tells which keys a reload moves when a pool changes %s', async (_, settings, message) => {
    const C = 'http://10.0.0.3';
    const engine = anEngine({ pools: { shop: { backends: [A, B] } } });
    engine.start();
    engine.change(resolved({ pools: { shop: { backends: [A, B, C], ...settings } } }));
    // The pool changes in slices.
    await setImmediate();
    expect(engine.stats().events).toContainEqual(
      expect.objectContaining({ type: 'keys-moved', pool: 'shop', message: expect.stringMatching(message) }),
    );
    engine.change(resolved({ pools: { shop: { backends: [A, B, C], ...settings, connections: 7 } } }));
    await setImmediate();
    expect(engine.stats().events.filter(({ type }) => type === 'keys-moved')).toHaveLength(1);
  });

  it('refuses settings that the parts of the engine cannot use, and changes nothing then', () => {
    const wrong = (config: ConfigInput) => {
      const input = resolved(config);
      return { ...input, pools: { shop: { ...input.pools.shop!, retries: { retries: -1 } as never } } };
    };
    const config = { pools: { shop: { backends: [B] } } };
    expect(() => new Engine(wrong(config), new KeptLog(), () => NO_CONNECTIONS)).toThrow(ConfigError);
    const engine = anEngine();
    const { context } = engine;
    expect(() => engine.change(wrong(config))).toThrow(ConfigError);
    expect(() => engine.change({ ...resolved(config), trustedProxies: ['none'] })).toThrow(ConfigError);
    expect(engine.context).toBe(context);
    expect(engine.stats().pools[0]?.backends[0]?.id).toBe(A);
  });

  it('begins all that was built before it starts, whatever changed meanwhile', () => {
    const start = vi.spyOn(UpstreamPool.prototype, 'start');
    const engine = anEngine({
      pools: { shop: { backends: [A] }, api: { backends: [A] } },
      routes: [{ pool: 'shop' }],
    });
    const { routes } = engine.context;
    engine.change(
      resolved({
        pools: { shop: { backends: [A, B] }, api: { backends: [A], strategy: 'random' } },
        routes: [{ pool: 'shop' }],
      }),
    );
    expect(start).not.toHaveBeenCalled();
    engine.start();
    engine.start();
    const started = start.mock.contexts.map((pool) => (pool as UpstreamPool).config.strategy);
    expect(started).toEqual(['consistent-hash', 'consistent-hash', 'random']);
    expect(engine.stats().pools[0]?.backends.map(({ id }) => id)).toEqual([A, B]);
    expect(engine.context.routes).not.toBe(routes);
  });

  it('counts on through changes', () => {
    const engine = anEngine();
    engine.start();
    engine.context.totals.refused('CODE');
    const { totals, ids, exchanges, tunnels } = engine.context;
    engine.change(resolved({ pools: { other: { backends: [B] } } }));
    expect(engine.context).toMatchObject({ totals, ids, exchanges, tunnels });
    expect(engine.stats().requests.errors).toEqual({ CODE: 1 });
  });
});

describe('the end of an engine', () => {
  const underWay = () => {
    const request: UnderWay = {
      place: -1,
      client: { abort: vi.fn(), isBlocked: false, flushHead() {} },
      upload: undefined,
      attempt: undefined,
      bytesSent: 0,
      moveOn() {},
      refuse() {},
    };
    return request;
  };

  it('waits for requests and tunnels, but no longer than it was told', async () => {
    const engine = anEngine();
    await engine.drain(60_000);
    const request = underWay();
    const tunnel = { destroy: vi.fn() };
    engine.context.exchanges.add(request);
    engine.context.tunnels.add(tunnel);
    let isDrained = false;
    const drained = engine.drain(60_000).then(() => (isDrained = true));
    await engine.drain(1);
    engine.context.exchanges.delete(request);
    await engine.drain(30);
    expect(isDrained).toBe(false);
    engine.context.tunnels.delete(tunnel);
    await drained;
  });

  it('ends what still runs', () => {
    const engine = anEngine();
    const request = underWay();
    const tunnel = { destroy: vi.fn() };
    engine.context.exchanges.add(request);
    engine.context.tunnels.add(tunnel);
    engine.destroy();
    expect(request.client.abort).toHaveBeenCalledOnce();
    expect(tunnel.destroy).toHaveBeenCalledOnce();
  });
});
