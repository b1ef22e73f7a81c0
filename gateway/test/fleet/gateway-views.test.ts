// What gateways of a fleet know of each other, over a store in memory and on the injected clock.
import { Balancer, type Request } from 'evenkeel';
import { type FleetStore, memoryFleet } from 'evenkeel/fleet';
import { describe, expect, it } from 'vitest';
import { TestEnv } from '../../../test/support.ts';
import { GatewayViews } from '../../src/fleet/gateway-views.ts';
import { differenceOf, parseView, viewOf } from '../../src/fleet/pool-view.ts';
import { resolvedPool } from '../resolved.ts';

const [A, B, C] = ['http://a', 'http://b', 'http://c'] as const;
type PoolInput = Parameters<typeof resolvedPool>[0];

/** A fleet whose processes are on one clock. */
function aFleet() {
  const env = new TestEnv();
  const store = memoryFleet({ env });
  let ids = 0;
  const lines: string[] = [];
  const gateway = (
    name: string,
    backends: ConstructorParameters<typeof Balancer<Request>>[0],
    own: FleetStore = store,
    settings: Partial<PoolInput> = {},
  ) => {
    const balancer = new Balancer<Request>(backends, { env });
    const config = resolvedPool({ backends: [], ...settings });
    const self = { id: `id${++ids}`, name, report: (line: string) => lines.push(line) };
    const views = new GatewayViews({ name: 'shop', config, balancer }, own, self, env);
    return { balancer, views };
  };
  /** Lets time pass, and what follows from it. */
  const pass = async (ms: number) => {
    for (let step = 0; step < 10; step++) {
      env.advance(ms / 10);
      for (let i = 0; i < 20; i++) await undefined;
    }
  };
  return { env, store, gateway, pass, lines };
}

describe('the gateways of a fleet', () => {
  it('are seen side by side, this one first', async () => {
    const { gateway, pass } = aFleet();
    const one = gateway('one:80', [A, B]);
    gateway('two:80', [A, B]);
    gateway('three:80', [B, A]);
    await pass(1_000);
    const { fingerprint } = one.balancer;
    const alike = { processes: 1, fingerprint, backends: 2, difference: undefined };
    expect(one.views.stats()).toEqual([
      { gateway: 'one:80', own: true, ...alike },
      { gateway: 'three:80', own: false, ...alike },
      { gateway: 'two:80', own: false, ...alike },
    ]);
  });

  it('tell what differs, both ways, and that it does no longer', async () => {
    const { gateway, pass } = aFleet();
    const one = gateway('one', [A, B, { url: C, weight: 2 }]);
    const two = gateway('two', [A, C, 'http://d']);
    await pass(1_000);
    expect(one.views.stats()[1]).toMatchObject({
      gateway: 'two',
      backends: 3,
      difference: 'lacks http://b; has also http://d; http://c has weight 1, here weight 2',
    });
    expect(two.views.stats()[1]?.difference).toBe(
      'lacks http://d; has also http://b; http://c has weight 2, here weight 1',
    );
    two.balancer.remove('http://d');
    two.balancer.setWeight(C, 2);
    two.balancer.add(B);
    await pass(200);
    expect(one.views.stats()[1]?.difference).toBeUndefined();
    expect(two.views.stats()[1]?.difference).toBeUndefined();
  });

  it('that differ for a minute are told, once each: they may be two fleets under one prefix', async () => {
    const { gateway, pass, lines } = aFleet();
    const one = gateway('one', [A, B]);
    const two = gateway('two', [C]);
    await pass(50_000);
    expect(lines).toEqual([]);
    for (let i = 0; i < 20; i++) await pass(10_000);
    const line = (name: string, difference: string) =>
      `fleet: pool "shop" differs at ${name}: ${difference}; keys are not shared with it. Another fleet under the same prefix?`;
    expect(lines.sort()).toEqual([
      line('one', 'lacks http://c; has also http://a, http://b'),
      line('two', 'lacks http://a, http://b; has also http://c'),
    ]);
    two.balancer.add(A);
    two.balancer.add(B);
    one.balancer.add(C);
    for (let i = 0; i < 10; i++) await pass(10_000);
    expect(lines).toHaveLength(2);
  });

  it('are told of a changed weight within a beat', async () => {
    const { gateway, pass } = aFleet();
    const one = gateway('one', [A, B]);
    const two = gateway('two', [A, B]);
    await pass(1_000);
    two.balancer.setWeight(A, 3);
    await pass(12_000);
    expect(one.views.stats()[1]?.difference).toBe('http://a has weight 3, here weight 1');
  });

  it('show workers as one gateway, and workers that differ', async () => {
    const { gateway, pass } = aFleet();
    const [worker, other] = [gateway('one', [A, B]), gateway('one', [A, B])];
    await pass(1_000);
    expect(worker.views.stats()).toMatchObject([{ gateway: 'one', own: true, processes: 2 }]);
    other.balancer.remove(B);
    await pass(1_000);
    const prints = `${worker.balancer.fingerprint}, ${other.balancer.fingerprint}`;
    expect(worker.views.stats()).toMatchObject([{ fingerprint: prints, difference: 'lacks http://b' }]);
  });

  it('leave when they end, and when they are not heard of for 30 seconds', async () => {
    const { gateway, pass } = aFleet();
    const one = gateway('one', [A]);
    const [ends, crashes] = [gateway('ends', [A]), gateway('crashes', [A])];
    await pass(1_000);
    const seen = () => one.views.stats().map((view) => view.gateway);
    expect(seen()).toEqual(['one', 'crashes', 'ends']);
    await ends.views.leave();
    crashes.views.close();
    await pass(100);
    expect(seen()).toEqual(['one', 'crashes']);
    await pass(45_000);
    expect(seen()).toEqual(['one']);
  });

  it('are known again after the store has lost everything', async () => {
    const { env, gateway, pass } = aFleet();
    let store = memoryFleet({ env });
    const listens = new Set<() => void>();
    const changing: FleetStore = {
      claim: (...args) => store.claim(...args),
      put: (...args) => store.put(...args),
      load: (space) => store.load(space),
      listen(space, listener) {
        let end = store.listen(space, listener);
        listens.add(() => {
          end();
          listener.lost(new Error('away'));
          end = store.listen(space, listener);
        });
        return () => end();
      },
    };
    const one = gateway('one', [A, B], changing);
    const two = gateway('two', [A], changing);
    await pass(1_000);
    store = memoryFleet({ env });
    for (const again of listens) again();
    await pass(1_000);
    const three = gateway('three', [A, B, C], changing);
    await pass(1_000);
    expect(three.views.stats().map(({ difference }) => difference)).toEqual([
      undefined,
      'lacks http://c',
      'lacks http://b, http://c',
    ]);
    expect(one.views.stats()).toHaveLength(3);
    expect(two.views.stats()).toHaveLength(3);
  });

  it('load all once, then cost the store one call for each beat', async () => {
    const { store, gateway, pass } = aFleet();
    const calls: string[] = [];
    const counting: FleetStore = {
      claim: (...args) => store.claim(...args),
      put(...args) {
        calls.push('put');
        return store.put(...args);
      },
      load(space) {
        calls.push('load');
        return store.load(space);
      },
      listen: (...args) => store.listen(...args),
    };
    const one = gateway('one', [A], counting);
    gateway('two', [A]);
    for (let i = 0; i < 10; i++) await pass(10_000);
    expect(calls.filter((call) => call === 'load')).toHaveLength(1);
    expect(calls.length).toBeLessThan(14);
    expect(one.views.stats()).toHaveLength(2);
  });

  it('take nothing from a load that is older than what was told meanwhile', async () => {
    const { store, gateway, pass } = aFleet();
    const [stays, leaves] = [gateway('stays', [A, B]), gateway('leaves', [A])];
    await pass(1_000);
    let reply = () => {};
    const slow: FleetStore = {
      claim: (...args) => store.claim(...args),
      put: (...args) => store.put(...args),
      async load(space) {
        const held = await store.load(space);
        if (space === 'shop:gateways') await new Promise<void>((resolve) => (reply = resolve));
        return held;
      },
      listen: (...args) => store.listen(...args),
    };
    const late = gateway('late', [A], slow);
    await pass(1_000);
    stays.balancer.remove(B);
    await leaves.views.leave();
    await pass(1_000);
    reply();
    await pass(1_000);
    expect(late.views.stats().map(({ gateway, backends }) => [gateway, backends])).toEqual([
      ['late', 1],
      ['stays', 1],
    ]);
  });

  it('go on by what they know while every call of the store fails', async () => {
    const { store, gateway, pass } = aFleet();
    let isAway = false;
    const fail = <T>(answer: () => Promise<T>) => (isAway ? Promise.reject(new Error('away')) : answer());
    const shaky: FleetStore = {
      claim: (...args) => fail(() => store.claim(...args)),
      put: (...args) => fail(() => store.put(...args)),
      load: (space) => fail(() => store.load(space)),
      listen: (...args) => store.listen(...args),
    };
    const one = gateway('one', [A], shaky);
    gateway('two', [A, B]);
    await pass(1_000);
    isAway = true;
    await pass(60_000);
    expect(one.views.stats()[1]?.difference).toBe('has also http://b');
    expect(one.views.failures).toBeGreaterThan(3);
    await one.views.leave();
  });

  it('take no harm from what another program has written', async () => {
    const { env, store, gateway, pass } = aFleet();
    const one = gateway('one', [A]);
    const huge = { gateway: 'x'.repeat(10_000), fingerprint: 'abc', backends: 1 };
    const told = [
      'no JSON',
      'null',
      '{"gateway":"a","fingerprint":"../../x","backends":1}',
      '{"gateway":"a","fingerprint":"abc","backends":"many"}',
      JSON.stringify(huge),
    ];
    const claims = told.map((value, i) => ({ field: `f${i}`, value, instead: undefined }));
    await store.claim('shop:gateways', claims, 30_000);
    await store.claim(
      'shop:gateways:abc',
      [{ field: 'view', value: '{"backends":[1]}', instead: undefined }],
      30_000,
    );
    await pass(1_000);
    const [, foreign, ...rest] = one.views.stats();
    expect(rest).toEqual([]);
    expect(foreign?.gateway).toHaveLength(200);
    expect(foreign?.difference).toBe('what differs is not known');
    expect(env.pendingTimers).toBeGreaterThan(0);
  });

  it('publish of a large pool its fingerprint alone', async () => {
    const { store, gateway, pass } = aFleet();
    const many = Array.from({ length: 1_001 }, (_, i) => `http://10.0.${i >> 8}.${i & 255}`);
    const one = gateway('one', many);
    const two = gateway('two', many.slice(1));
    await pass(1_000);
    expect(one.views.stats()[1]).toMatchObject({
      backends: 1_000,
      difference: 'what differs is not known',
    });
    expect(await store.load(`shop:gateways:${one.balancer.fingerprint}`)).toEqual([]);
    expect(await store.load(`shop:gateways:${two.balancer.fingerprint}`)).toHaveLength(1);
  });
});

describe('a view of a pool', () => {
  const backends = (...urls: string[]) => new Balancer(urls).stats().backends;

  it('has the settings that decide where keys are, and not the seed', () => {
    const one = viewOf(resolvedPool({ backends: [], strategy: 'maglev', seed: 4711 }), backends(A));
    const other = viewOf(
      resolvedPool({ backends: [], bounds: { factor: 1.5 }, affinity: { by: 'header', name: 'x-user' } }),
      backends(A),
    );
    expect(JSON.stringify(one)).not.toContain('4711');
    expect(differenceOf(one, other)).toBe(
      'strategy is "consistent-hash", here "maglev"; affinity is {"by":"header","name":"x-user"}, here null; ' +
        'bounds.factor is 1.5, here 1.25',
    );
    expect(differenceOf(one, one)).toBe('same backends; another seed, or another version');
  });

  it('names a few backends and counts the others', () => {
    const [few, many] = [[A], Array.from({ length: 9 }, (_, i) => `http://n${i}`)].map((urls) =>
      viewOf(resolvedPool({ backends: [] }), backends(...urls)),
    );
    expect(few && many && differenceOf(few, many)).toBe(
      'lacks http://a; has also http://n0, http://n1, http://n2, http://n3, http://n4 and 4 more',
    );
  });

  it('is read from its text, and from no other', () => {
    const view = viewOf(resolvedPool({ backends: [] }), backends(A, B));
    expect(parseView(JSON.stringify(view))).toEqual(view);
    for (const text of [
      '',
      'null',
      '[]',
      '{"settings":{},"backends":{"a":1}}',
      '{"settings":1,"backends":{}}',
    ])
      expect(parseView(text)).toBeUndefined();
  });
});
