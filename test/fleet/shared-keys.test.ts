// Balancers that share their keys, on a store in memory and a clock that is moved by hand.
import { afterEach, describe, expect, it } from 'vitest';
import { type FleetStore, memoryFleet, type SharedKeys, shareKeys } from '../../src/fleet/index.ts';
import { Balancer, type BalancerOptions } from '../../src/index.ts';
import { nativePool, TestEnv } from '../support.ts';
import { disagreement, keysOf, placeOf } from './agreement.ts';

const open: SharedKeys[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** A store that can be away. */
function storeOn(env: TestEnv) {
  const store = memoryFleet({ env });
  const state = { isAway: false, calls: 0 };
  const unless = async <T>(call: () => Promise<T>): Promise<T> => {
    state.calls++;
    if (state.isAway) throw new Error('the store is away');
    return call();
  };
  const fleet: FleetStore = {
    claim: (...args) => unless(() => store.claim(...args)),
    put: (...args) => unless(() => store.put(...args)),
    load: (...args) => unless(() => store.load(...args)),
    listen: (...args) => store.listen(...args),
  };
  return { fleet, state };
}

async function settle(env: TestEnv, ms = 200): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    env.advance(10);
    // What answers of the store set off.
    for (let i = 0; i < 8; i++) await null;
  }
}

/** Four balancers over the same backends in another order each, with traffic at random among them. */
async function fleetOf(options: BalancerOptions<string> = {}, backends: object[] = nativePool(10)) {
  const env = new TestEnv(7);
  const { fleet, state } = storeOn(env);
  const lines: string[] = [];
  const pools = Array.from(
    { length: 4 },
    (_, i) => [...backends.slice(i), ...backends.slice(0, i)] as never[],
  );
  const balancers = pools.map((pool, i) => new Balancer<string>(pool, { env: new TestEnv(i), ...options }));
  const shared = balancers.map((one) => shareKeys(one, fleet, { env, report: (line) => lines.push(line) }));
  open.push(...shared);
  await settle(env);
  const traffic = async (keys: readonly string[], requests: number) => {
    for (let i = 0; i < requests; i++) {
      const balancer = balancers[Math.floor(env.random() * 4)] as Balancer;
      balancer.acquire(keys[Math.floor(env.random() * keys.length)] as string)?.release();
      if (i % 20 === 0) await settle(env, 10);
    }
    await settle(env);
    // What one has not seen it may place elsewhere, once.
    for (const balancer of balancers) for (const key of keys) balancer.acquire(key)?.release();
    await settle(env);
  };
  return { env, fleet, state, lines, pools, balancers, shared, traffic };
}

describe('balancers that share keys', () => {
  it.each([30, 300, 3_000])('agree on %i keys, where they did not', async (count) => {
    const keys = keysOf(count);
    const { balancers, traffic, shared } = await fleetOf();
    for (const one of shared) one.close();
    await traffic(keys, 6 * count);
    expect(disagreement(balancers, keys)).toBeGreaterThan(0.01);
    const other = await fleetOf();
    await other.traffic(keys, 6 * count);
    expect(disagreement(other.balancers, keys)).toBe(0);
  });

  it('agree with one that comes later', async () => {
    const keys = keysOf(60);
    const { env, fleet, balancers, traffic } = await fleetOf();
    await traffic(keys, 400);
    const late = new Balancer(nativePool(10));
    open.push(shareKeys(late, fleet, { env }));
    await settle(env);
    expect(disagreement([...balancers, late], keys)).toBe(0);
  });

  it('agree after a backend has left, and when it is back', async () => {
    const keys = keysOf(60);
    const { balancers, traffic } = await fleetOf();
    await traffic(keys, 400);
    const gone = 'http://10.0.0.3:8080';
    for (const balancer of balancers) balancer.remove(gone);
    await traffic(keys, 600);
    expect(disagreement(balancers, keys)).toBe(0);
    for (const balancer of balancers) balancer.add(gone);
    await traffic(keys, 600);
    expect(disagreement(balancers, keys)).toBe(0);
    // Its home keys have come.
    expect(balancers[0]?.stateOf(gone)).toBe('up');
    expect(keys.some((key) => placeOf(balancers[0] as Balancer, key) === gone)).toBe(true);
  });

  it('agree where keys go while their backend is down, and bring them back', async () => {
    const keys = keysOf(60);
    const { balancers, traffic } = await fleetOf();
    await traffic(keys, 400);
    const before = keys.map((key) => placeOf(balancers[0] as Balancer, key));
    const down = 'http://10.0.0.4:8080';
    for (const balancer of balancers) balancer.markDown(down);
    await traffic(keys, 600);
    expect(disagreement(balancers, keys)).toBe(0);
    expect(keys.some((key) => placeOf(balancers[0] as Balancer, key) === down)).toBe(false);
    for (const balancer of balancers) balancer.markUp(down);
    await traffic(keys, 600);
    expect(keys.map((key) => placeOf(balancers[0] as Balancer, key))).toEqual(before);
    expect(disagreement(balancers, keys)).toBe(0);
  });

  it('keep a key whose backend one of them alone thinks is down', async () => {
    const keys = keysOf(60);
    const { balancers, traffic } = await fleetOf();
    await traffic(keys, 400);
    const before = keys.map((key) => placeOf(balancers[0] as Balancer, key));
    balancers[3]?.markDown('http://10.0.0.4:8080');
    await traffic(keys, 600);
    expect(keys.map((key) => placeOf(balancers[0] as Balancer, key))).toEqual(before);
    balancers[3]?.markUp('http://10.0.0.4:8080');
    await traffic(keys, 600);
    expect(disagreement(balancers, keys)).toBe(0);
  });

  it('go on without the store, and tell it on return what they have placed', async () => {
    const keys = keysOf(60);
    const { balancers, traffic, state, lines, env, shared } = await fleetOf();
    await traffic(keys, 400);
    state.isAway = true;
    const all = [...keys, ...keysOf(20, 'new')];
    await traffic(all, 600);
    expect(shared[0]?.stats().connected).toBe(false);
    expect(lines.filter((line) => line.includes('away')).length).toBe(4);
    state.isAway = false;
    await settle(env, 2_000);
    expect(shared.map((one) => one.stats().waiting)).toEqual([0, 0, 0, 0]);
    expect(disagreement(balancers, all)).toBe(0);
    expect(lines.filter((line) => line.includes('back')).length).toBe(4);
  });

  it('keep keys in the store that are in use, and no others', async () => {
    const { env, fleet, balancers, traffic } = await fleetOf();
    const space = `default:${(balancers[0] as Balancer).fingerprint}`;
    await traffic(keysOf(30), 200);
    for (let minute = 0; minute < 22; minute++) {
      env.advance(60_000);
      await traffic(keysOf(1), 4);
    }
    expect((await fleet.load(space)).map(([, backend]) => backend)).toEqual([
      placeOf(balancers[0] as Balancer, '/k/0'),
    ]);
  });

  it('agree with strict affinity, while leases are held', async () => {
    const keys = keysOf(40);
    const { balancers, traffic } = await fleetOf({ bounds: { strict: true } });
    await traffic(keys, 300);
    expect(disagreement(balancers, keys)).toBe(0);
  });

  it('agree in each zone', async () => {
    const backends = nativePool(12).map(({ IPAddr, Port }, i) => {
      return { url: `http://${IPAddr}:${Port}`, zone: i % 2 === 0 ? 'a' : 'b' };
    });
    const keys = keysOf(60);
    const { balancers, traffic } = await fleetOf({ pool: { zones: { of: () => 'a' } } }, backends);
    await traffic(keys, 500);
    expect(disagreement(balancers, keys)).toBe(0);
  });

  it('do not mix with those of another view', async () => {
    const { env, fleet, balancers, traffic } = await fleetOf();
    const other = new Balancer(nativePool(9));
    open.push(shareKeys(other, fleet, { env }));
    await traffic(keysOf(30), 200);
    expect(other.stats().keys).toBe(0);
    expect(balancers[0]?.stats().keys).toBe(30);
  });

  it('take nothing from fields that another program wrote', async () => {
    const { env, fleet, balancers } = await fleetOf();
    const space = `default:${(balancers[0] as Balancer).fingerprint}`;
    const fields = ['', '{}', '[]', '[1.5,2]', '[1,"a"]', 'null', '[7,8,0,false,0]'];
    await fleet.claim(
      space,
      fields.map((field) => ({ field, value: 'http://nowhere', instead: undefined })),
      1_000,
    );
    await settle(env);
    expect(balancers[0]?.stats().keys).toBe(0);
  });

  it('are shared once', async () => {
    const { balancers, fleet } = await fleetOf();
    expect(() => shareKeys(balancers[0] as Balancer, fleet)).toThrow('one listener');
  });
});
