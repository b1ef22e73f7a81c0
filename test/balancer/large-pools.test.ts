// Pools of more than 64 backends: where keys go, what a hot key costs, and how memory follows the size.
import { describe, expect, it } from 'vitest';
import { jump } from '../../src/hashing/hash.ts';
import { type BackendPoolEntry, Balancer, consistentHash } from '../../src/index.ts';
import { firstEligible, inWalkingOrder } from '../../src/strategies/jumps.ts';
import { aBackend, TestEnv } from '../support.ts';

const poolOf = (n: number, weight = 1) =>
  Array.from({ length: n }, (_, i) => ({ url: `http://b${i}`, weight }));

/** The share of keys that were placed away from home, each seen once. */
function awayFromHome(n: number, keysPerBackend: number): number {
  const balancer = new Balancer<string>(poolOf(n), { env: new TestEnv(1) });
  const homes = new Balancer<string>(poolOf(n), { bounds: { rememberedKeys: 0 }, env: new TestEnv(1) });
  let away = 0;
  for (let i = 0; i < n * keysPerBackend; i++) {
    const lease = balancer.acquire(`key ${i}`);
    const home = homes.acquire(`key ${i}`);
    if (lease?.backend.id !== home?.backend.id) away++;
    lease?.release();
    home?.release();
  }
  return away / (n * keysPerBackend);
}

describe('keys in large pools', () => {
  it.each([
    [1_000, 100, 0.02],
    [1_000, 20, 0.07],
    [3_000, 20, 0.07],
  ])('are at home: %i backends, %i keys each, at most %f away', (n, keys, most) => {
    expect(awayFromHome(n, keys)).toBeLessThanOrEqual(most);
  });

  it('are placed by the ring alone where fewer than 64 keys a backend are remembered', () => {
    const balancer = new Balancer<string>(poolOf(10), { bounds: { rememberedKeys: 512 } });
    for (let i = 0; i < 1_000; i++) balancer.acquire(`key ${i}`)?.release();
    expect(balancer.stats().keys).toBe(0);
    // As soon as backends leave, the memory is large enough, and the bound holds.
    balancer.remove('http://b9');
    balancer.remove('http://b8');
    for (let i = 0; i < 100; i++) balancer.acquire(`key ${i}`)?.release();
    expect(balancer.stats().keys).toBe(100);
    balancer.add('http://b8');
    balancer.add('http://b9');
    const { backends, keys } = balancer.stats();
    expect([keys, ...backends.map((backend) => backend.keys)]).toEqual(Array.from({ length: 11 }, () => 0));
  });

  it('stay where they are while the memory grows with the pool', () => {
    const balancer = new Balancer<string>(poolOf(60));
    const owners = new Map<string, string | undefined>();
    for (let i = 0; i < 2_000; i++) {
      const lease = balancer.acquire(`key ${i}`);
      owners.set(`key ${i}`, lease?.backend.id);
      lease?.release();
    }
    // A set of four may have overflowed.
    for (const key of owners.keys()) if (!balancer.explain(key).remembered) owners.delete(key);
    expect(owners.size).toBeGreaterThan(1_900);
    for (let i = 60; i < 200; i++) balancer.add(`http://b${i}`);
    const newcomers = new Set(Array.from({ length: 140 }, (_, i) => `http://b${60 + i}`));
    for (const [key, owner] of owners) {
      const { picked, remembered } = balancer.explain(key);
      expect(remembered).toBe(true);
      expect(picked === owner || newcomers.has(picked as string)).toBe(true);
    }
  });
});

describe('the search for a backend with room', () => {
  const candidates = Array.from({ length: 10_000 }, (_, slot) => aBackend(`b${slot}`, slot));
  const locate = (hash: number) => candidates[(hash >>> 0) % candidates.length];

  it('asks few backends where a hot key has filled its first thousands of jumps', () => {
    for (const filled of [100, 1_000, 3_000, 9_000]) {
      const full = new Set(Array.from({ length: filled + 1 }, (_, count) => locate(jump(7, count))));
      let asked = 0;
      const found = firstEligible(7, locate, candidates, (backend) => {
        asked++;
        return !full.has(backend as (typeof candidates)[number]);
      });
      expect(found !== undefined && !full.has(found as (typeof candidates)[number])).toBe(true);
      expect(asked).toBeLessThanOrEqual(60);
    }
  });

  it('finds the only one with room, the same in every order of the pool', () => {
    const reversed = inWalkingOrder([...candidates].reverse(), []);
    for (const only of ['b0', 'b17', 'b9999']) {
      expect(firstEligible(3, locate, inWalkingOrder(candidates, []), ({ id }) => id === only)?.id).toBe(
        only,
      );
    }
    const some = new Set(['b17', 'b4711', 'b9000']);
    const eligible = ({ id }: { id: string }) => some.has(id);
    expect(firstEligible(3, locate, reversed, eligible)?.id).toBe(
      firstEligible(3, locate, inWalkingOrder(candidates, []), eligible)?.id,
    );
    expect(firstEligible(3, locate, reversed, () => false)).toBeUndefined();
  });

  it('keeps its order while the members stay the same', () => {
    const order = inWalkingOrder(candidates, []);
    expect(inWalkingOrder([...candidates].reverse(), order)).toBe(order);
    expect(inWalkingOrder(candidates.slice(1), order)).toHaveLength(9_999);
  });

  it('has the same order however the pool came about', () => {
    const sorted = (some: typeof candidates) => inWalkingOrder(some, []);
    let order = inWalkingOrder(candidates.slice(0, 60), []);
    const steps = [
      candidates.slice(0, 70),
      candidates.slice(30, 200),
      candidates.slice(199, 400).reverse(),
      [...candidates.slice(1_000, 1_100), ...candidates.slice(250, 300)],
      candidates.slice(0, 64),
      candidates.slice(1, 66),
      candidates,
    ];
    for (const members of steps) {
      order = inWalkingOrder(members, order);
      expect(order).toEqual(sorted(members));
    }
  });
});

describe('points on the ring', () => {
  const sharesOf = (weights: readonly number[]) => {
    const balancer = new Balancer(weights.map((weight, i) => ({ url: `http://b${i}`, weight })));
    return balancer.stats().backends.map(({ share }) => share ?? 0);
  };

  it('follow weights that are fractions: 100 backends of 0.01 share as 100 backends of 0.8 do', () => {
    const most = Math.max(...sharesOf(Array.from({ length: 100 }, () => 0.01))) * 100;
    expect(most).toBeLessThan(1.45);
  });

  it('do not become too many: weights of 100 give the ring of weights of 6.25', () => {
    const heavy = new Balancer<string>(poolOf(20, 100));
    const light = new Balancer<string>(poolOf(20, 6.25));
    for (let i = 0; i < 500; i++) {
      expect(heavy.explain(`key ${i}`).picked).toBe(light.explain(`key ${i}`).picked);
    }
  });

  it.each([
    ['from 8 to 8.1', [8, 1], 8.1, true],
    ['from 1 to 8', [1, 1], 8, false],
    ['from 0.5 to 0.49', [0.5, 0.2], 0.49, true],
    ['from 1 to 0.5', [1, 0.2], 0.5, false],
  ])('a plan tells where the largest weight goes %s', (_, weights, to, rescaled) => {
    const balancer = new Balancer(weights.map((weight, i) => ({ id: `b${i}`, url: `http://b${i}`, weight })));
    expect(balancer.plan({ setWeight: { b0: to } }).rescaled).toBe(rescaled);
  });

  it('are not rescaled while a heavy backend starts slowly', () => {
    const strategy = consistentHash()(new TestEnv());
    const light = aBackend('light', 0, { weight: 4 });
    const keyed = strategy as typeof strategy & { home(key: number): { id: string } };
    strategy.update([light, aBackend('heavy', 1, { weight: 16, nominalWeight: 16 })]);
    const before = Array.from({ length: 2_000 }, (__, i) => keyed.home(i * 2_147_483).id);
    strategy.update([light, aBackend('heavy', 1, { weight: 1, nominalWeight: 16 })]);
    const during = Array.from({ length: 2_000 }, (__, i) => keyed.home(i * 2_147_483).id);
    // Keys go from the heavy one to the light one only.
    for (const [i, home] of during.entries()) if (home === 'heavy') expect(before[i]).toBe('heavy');
  });
});

describe('concurrency', () => {
  it('is the least limit on requests in flight: of an entry, else of the bounds', () => {
    const pool = [{ url: 'http://a', concurrency: 8 }, 'http://b', 'http://c'];
    const balancer = new Balancer<string>(pool, { bounds: { concurrency: 3 } });
    const limits = balancer.explain('x').candidates.map(({ flightLimit }) => flightLimit);
    expect(limits).toEqual([8, 3, 3]);
  });

  it('keeps a key at home in an idle pool, and still spills a hot key', () => {
    const pool = Array.from({ length: 4 }, (_, i) => ({ url: `http://b${i}`, concurrency: 8 }));
    const balancer = new Balancer<string>(pool);
    const used = new Set<string | undefined>();
    for (let i = 0; i < 8; i++) used.add(balancer.acquire('hot')?.backend.id);
    expect(used.size).toBe(1);
    for (let i = 0; i < 20; i++) used.add(balancer.acquire('hot')?.backend.id);
    expect(used.size).toBeGreaterThan(1);
  });

  it('is taken from a report, unless the entry says its own', () => {
    const pool: BackendPoolEntry[] = [{ url: 'http://a', concurrency: 8 }, 'http://b', 'http://c'];
    const balancer = new Balancer<string>(pool);
    const limits = () => balancer.explain('x').candidates.map(({ flightLimit }) => flightLimit);
    for (const id of ['http://a', 'http://b']) balancer.report(id, { concurrency: 5 });
    expect(limits()).toEqual([8, 5, 1]);
    balancer.report('http://b', { cpu: 0.5 });
    expect(limits()).toEqual([8, 5, 1]);
    balancer.report('http://b', { concurrency: 3 });
    expect(limits()).toEqual([8, 3, 1]);
    expect(() => balancer.report('http://b', { concurrency: 0 })).toThrow(
      'concurrency must be an integer from 1 to 1000000, got 0',
    );
    // An entry that stops to say its own falls back on the report.
    pool[0] = 'http://a';
    balancer.refresh();
    balancer.acquire('x')?.release();
    expect(limits()).toEqual([5, 3, 1]);
  });

  it('in a report alone is no workload', () => {
    const balancer = new Balancer(['http://a', 'http://b'], { strategy: 'least-workload' });
    balancer.report('http://a', { concurrency: 5 });
    expect(balancer.backends[0]?.workload).toBeUndefined();
  });

  it.each([0, 1.5, -1, 1_000_001, Number.NaN, '8'])('rejects %s', (concurrency) => {
    const entry = { url: 'http://a', concurrency } as { url: string; concurrency: number };
    expect(() => new Balancer([entry])).toThrow(
      /^backendPool\[0\]\.concurrency must be an integer from 1 to 1000000, got /,
    );
    expect(() => new Balancer(['http://a'], { bounds: { concurrency: concurrency as number } })).toThrow(
      /^bounds\.concurrency must be an integer from 1 to 1000000, got /,
    );
  });
});
