import { describe, expect, it } from 'vitest';
import {
  Balancer,
  type Lease,
  type Outcome,
  type Strategy,
  type StrategyName,
  strategies,
} from '../../src/index.ts';
import { isKeyedStrategy } from '../../src/internal.ts';
import { aBackend, TestEnv, tally } from '../support.ts';

const NAMES = Object.keys(strategies) as StrategyName[];
const OUTCOMES: readonly Outcome[] = ['success', 'failure', 'cancelled'];

/** How far a share may be from the weight's, for strategies that only follow the weights on average. */
const TOLERANCE = 0.05;

function make(name: StrategyName, env = new TestEnv()): Strategy {
  return strategies[name].factory(env);
}

describe.each(NAMES)('%s', (name) => {
  it('has a line that says what it is good for, and a name', () => {
    expect(strategies[name].summary.length).toBeGreaterThan(10);
    expect(make(name).name).not.toBe('');
  });

  it('picks nobody from an empty pool, nor where nobody is eligible', () => {
    const strategy = make(name);
    expect(strategy.pick(7, () => true)).toBeUndefined();
    strategy.update([aBackend('a', 0), aBackend('b', 1)]);
    expect(strategy.pick(7, () => false)).toBeUndefined();
    strategy.update([]);
    expect(strategy.pick(7, () => true)).toBeUndefined();
  });

  it('finds the one eligible backend, wherever it stands', () => {
    const strategy = make(name);
    const backends = Array.from({ length: 50 }, (_, i) => aBackend(`b${i}`, i));
    strategy.update(backends);
    for (const only of backends) {
      for (const key of [0, -1, 2 ** 31 - 1, -(2 ** 31)])
        expect(strategy.pick(key, (b) => b === only)).toBe(only);
    }
  });

  it('never picks an ineligible backend', () => {
    const strategy = make(name);
    const backends = Array.from({ length: 7 }, (_, i) => aBackend(`b${i}`, i, { weight: 1 + (i % 3) }));
    strategy.update(backends);
    for (let key = 0; key < 500; key++) {
      const barred = backends[key % 7];
      const picked = strategy.pick(key * 0x9e3779b9, (b) => b !== barred);
      expect(picked).toBeDefined();
      expect(picked).not.toBe(barred);
      strategy.started?.({ backend: picked as never, startedAt: 0 });
    }
  });

  it('only looks when it picks: the same question has the same answer until something happens', () => {
    const strategy = make(name);
    const backends = Array.from({ length: 9 }, (_, i) => aBackend(`b${i}`, i, { weight: 1 + (i % 2) }));
    strategy.update(backends);
    for (let key = 0; key < 100; key++) {
      const first = strategy.pick(key, () => true);
      strategy.pick(key + 1, (b) => b !== first);
      expect(strategy.pick(key, () => true)).toBe(first);
      strategy.started?.({ backend: first as never, startedAt: 0 });
    }
  });

  it('explains in advance what acquire then does, under any load', () => {
    const env = new TestEnv();
    const pool = Array.from({ length: 6 }, (_, i) => ({ url: `http://b${i}`, weight: 1 + (i % 3) }));
    const balancer = new Balancer(pool, { strategy: name, env });
    const leases: Lease[] = [];
    for (let i = 0; i < 2_000; i++) {
      const key = `key ${Math.floor(env.random() * 300)}`;
      const { picked, spilled } = balancer.explain(key);
      const lease = balancer.acquire(key) as Lease;
      expect(lease.backend.id).toBe(picked);
      expect(lease.spilled).toBe(spilled);
      leases.push(lease);
      env.nowMs += env.random() * 20;
      if (leases.length > 30)
        leases.splice(Math.floor(env.random() * 30), 1)[0]?.release(OUTCOMES[i % 3] as Outcome);
    }
  });

  it('respects weights within 5 % of the whole on an idle pool', () => {
    const env = new TestEnv();
    const weights: Record<string, number> = { 'http://a': 1, 'http://b': 2, 'http://c': 5 };
    const balancer = new Balancer(
      Object.entries(weights).map(([url, weight]) => ({ url, weight })),
      { strategy: name, env },
    );
    const counts: Record<string, number> = {};
    for (let i = 0; i < 8_000; i++) {
      const lease = balancer.acquire(`key ${i}`) as Lease;
      tally(counts, lease.backend.id);
      lease.release();
    }
    for (const [id, weight] of Object.entries(weights)) {
      expect(Math.abs((counts[id] ?? 0) / 8_000 - weight / 8)).toBeLessThan(TOLERANCE);
    }
  });

  it('gives nothing to a backend of weight 0', () => {
    const balancer = new Balancer(['http://a', { url: 'http://b', weight: 0 }, 'http://c'], {
      strategy: name,
      env: new TestEnv(),
    });
    for (let i = 0; i < 200; i++) {
      const lease = balancer.acquire(`key ${i}`) as Lease;
      expect(lease.backend.id).not.toBe('http://b');
      lease.release();
    }
  });

  it('survives members that come and go under load', { timeout: 60_000 }, () => {
    const env = new TestEnv();
    const balancer = new Balancer<string>([], { strategy: name, env });
    const leases: Lease[] = [];
    const members: string[] = [];
    for (let i = 0; i < 1_500; i++) {
      if (i % 7 === 0) members.push(balancer.add(`http://b${i}`).id);
      if (i % 11 === 0)
        balancer.remove(members.splice(Math.floor(env.random() * members.length), 1)[0] as string);
      if (i % 13 === 0 && members.length > 0)
        balancer.setWeight(members[i % members.length] as string, (i % 4) + 0.5);
      const lease = balancer.acquire(`key ${i % 100}`);
      expect(lease === undefined).toBe(members.length === 0);
      if (lease === undefined) continue;
      expect(members).toContain(lease.backend.id);
      leases.push(lease);
      env.nowMs += 1;
      if (leases.length > 20) leases.shift()?.release();
    }
    for (const lease of leases) lease.release();
    expect(balancer.stats().inFlight).toBe(0);
  });

  it('does not depend on a backend that shares its slot with one that left', () => {
    const strategy = make(name);
    strategy.update([aBackend('a', 0), aBackend('b', 1)]);
    const lease = { backend: strategy.pick(1, () => true) as never, startedAt: 0 };
    strategy.started?.(lease);
    strategy.update([aBackend('c', 0), aBackend('d', 1)]);
    strategy.finished?.(lease, 'success');
    expect(['c', 'd']).toContain(strategy.pick(1, () => true)?.id);
  });
});

const KEYED = NAMES.filter((name) => isKeyedStrategy(make(name)));

describe.each(KEYED)('%s, as a keyed strategy', (name) => {
  const ids = Array.from({ length: 12 }, (_, i) => `http://10.0.0.${i}:8080`);
  const keys = Array.from({ length: 20_000 }, (_, i) => Math.imul(i + 1, 0x9e3779b9));

  function homes(pool: readonly { id: string; weight?: number }[]): (string | undefined)[] {
    const strategy = make(name);
    if (!isKeyedStrategy(strategy)) throw new Error('not keyed');
    strategy.update(pool.map(({ id, weight = 1 }, slot) => aBackend(id, slot, { weight })));
    return keys.map((key) => strategy.home(key)?.id);
  }

  /** Maglev moves a few keys of others, by design; the rest none. */
  const collateral = name === 'maglev' ? 0.02 : 0;

  it('has the same homes in any order of the pool', () => {
    const pool = ids.map((id) => ({ id }));
    expect(homes([...pool].reverse())).toEqual(homes(pool));
  });

  it('moves only the keys of a backend that leaves', () => {
    const pool = ids.map((id) => ({ id }));
    const before = homes(pool);
    const after = homes(pool.filter(({ id }) => id !== ids[4]));
    const moved = before.filter((home, i) => home !== ids[4] && home !== after[i]);
    expect(moved.length / keys.length).toBeLessThanOrEqual(collateral);
  });

  it('moves keys only to a backend that comes', () => {
    const before = homes(ids.slice(1).map((id) => ({ id })));
    const after = homes(ids.map((id) => ({ id })));
    const moved = after.filter((home, i) => home !== ids[0] && home !== before[i]);
    expect(moved.length / keys.length).toBeLessThanOrEqual(collateral);
    expect(after.filter((home) => home === ids[0]).length).toBeGreaterThan(0);
  });

  it('moves keys only to a backend whose weight rises', () => {
    const before = homes(ids.map((id) => ({ id })));
    const after = homes(ids.map((id) => ({ id, weight: id === ids[3] ? 2 : 1 })));
    const moved = after.filter((home, i) => home !== ids[3] && home !== before[i]);
    // Maglev paces the others by the heaviest, so that all of them turn differently.
    expect(moved.length / keys.length).toBeLessThanOrEqual(name === 'maglev' ? 0.1 : 0);
  });

  it('gives the same homes after a change and its inverse', () => {
    const strategy = make(name);
    if (!isKeyedStrategy(strategy)) throw new Error('not keyed');
    const pool = ids.map((id, slot) => aBackend(id, slot));
    strategy.update(pool);
    const before = keys.map((key) => strategy.home(key)?.id);
    strategy.update(pool.slice(2));
    strategy.update([...pool, aBackend('http://other', 12)]);
    strategy.update(pool);
    expect(keys.map((key) => strategy.home(key)?.id)).toEqual(before);
  });
});
