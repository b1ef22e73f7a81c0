import { describe, expect, it } from 'vitest';
import { Balancer, type ConsistentHashOptions, consistentHash } from '../../src/index.ts';

type Ring = NonNullable<ConsistentHashOptions['ring']>;

const RINGS: readonly Ring[] = [
  'nginx',
  'haproxy',
  'ketama',
  'envoy',
  { name: 'haproxy', hashKey: 'addr-port', function: 'wt6', avalanche: true },
  { name: 'ketama', variant: 'plain' },
];
const KEYS = Array.from({ length: 3_000 }, (_, i) => `/page/${i}?q=é${i % 7}`);
const OFF = { factor: Number.POSITIVE_INFINITY };

const backend = (i: number, weight = 1) => ({ url: `http://10.0.0.${i}:8080`, id: `web#${i}`, weight });
const pool = (count: number) => Array.from({ length: count }, (_, i) => backend(i + 1));

function balancerOf(ring: Ring, backends: ReturnType<typeof pool>): Balancer {
  return new Balancer(backends, { strategy: consistentHash({ ring }), bounds: OFF });
}

function picks(balancer: Balancer): (string | undefined)[] {
  return KEYS.map((key) => {
    const lease = balancer.acquire(key);
    lease?.release('success');
    return lease?.backend.id;
  });
}

describe.each(RINGS)('the ring %o', (ring) => {
  it('is the same after changes of the pool as from the start', () => {
    const changed = balancerOf(ring, pool(4));
    changed.add(backend(5));
    changed.add(backend(6));
    changed.remove('web#6');
    changed.setWeight('web#2', 3);
    const fresh = pool(5);
    fresh[1] = backend(2, 3);
    expect(picks(changed)).toEqual(picks(balancerOf(ring, fresh)));
  });

  it('has shares that are those of the keys, and sum up to one', () => {
    const balancer = balancerOf(ring, pool(5));
    const counts = new Map<string | undefined, number>();
    for (const id of picks(balancer)) counts.set(id, (counts.get(id) ?? 0) + 1);
    const { backends } = balancer.stats();
    expect(backends.reduce((sum, { share = 0 }) => sum + share, 0)).toBeCloseTo(1, 9);
    for (const { id, share = 0 } of backends)
      expect(Math.abs((counts.get(id) ?? 0) / KEYS.length - share)).toBeLessThan(0.04);
  });

  it('is forecast: a plan says what a change moves', () => {
    const balancer = balancerOf(ring, pool(4));
    const before = picks(balancer);
    const plan = balancer.plan({ add: [backend(5)] });
    balancer.add(backend(5));
    const moved = picks(balancer).filter((id, i) => id !== before[i]).length / KEYS.length;
    expect(plan.rescaled).toBe(false);
    expect(moved).toBeGreaterThan(0);
    expect(Math.abs(plan.moved - moved)).toBeLessThan(0.04);
  });

  it('tells in a dry run where a key is', () => {
    const balancer = balancerOf(ring, pool(4));
    for (const key of KEYS.slice(0, 50)) {
      const { picked, hash } = balancer.explain(key);
      expect(hash).toBe(hash >>> 0);
      expect(picked).toBe(balancer.acquire(key)?.backend.id);
    }
  });

  it('serves as long as one backend may', () => {
    const balancer = balancerOf(ring, pool(5));
    for (const i of [1, 2, 3, 5]) balancer.drain(`web#${i}`);
    expect(new Set(picks(balancer))).toEqual(new Set(['web#4']));
    balancer.drain('web#4');
    expect(balancer.acquire('a')).toBeUndefined();
  });

  it('has no key in an empty pool', () => {
    expect(balancerOf(ring, []).acquire('a')).toBeUndefined();
  });
});

it.each(['nginx', 'haproxy'] as const)(
  'sends the keys of a backend that is out where the ring of %s has them without it',
  (ring) => {
    const balancer = balancerOf(ring, pool(6));
    balancer.drain('web#3');
    const without = pool(6).filter(({ id }) => id !== 'web#3');
    expect(picks(balancer)).toEqual(picks(balancerOf(ring, without)));
  },
);

describe('the ring of another load balancer', () => {
  it('keeps the bounds where they are on', () => {
    const balancer = new Balancer(pool(4), { strategy: consistentHash({ ring: 'nginx' }) });
    const counts = new Map<string, number>();
    for (let i = 0; i < 10; i++) {
      const id = balancer.acquire(`new key ${i}`)?.backend.id as string;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.values()].sort()).toEqual([2, 2, 3, 3]);
  });

  it('is not changed by the seed, and is part of the fingerprint', () => {
    const strategy = consistentHash({ ring: 'nginx' });
    const one = new Balancer(pool(4), { strategy, bounds: OFF });
    const other = new Balancer(pool(4), { strategy, bounds: OFF, seed: 7 });
    expect(picks(one)).toEqual(picks(other));
    expect(one.fingerprint).not.toBe(balancerOf('ketama', pool(4)).fingerprint);
    expect(balancerOf({ name: 'haproxy', function: 'crc32' }, pool(4)).fingerprint).not.toBe(
      balancerOf('haproxy', pool(4)).fingerprint,
    );
  });

  it('has its settings in the name of the strategy', () => {
    expect(balancerOf({ name: 'envoy', minimumSize: 64 }, pool(4)).stats().strategy).toBe(
      'consistent-hash/envoy-64-8388608',
    );
  });

  it.each([
    [{ ring: 'apache' }, 'consistentHash.ring must be one of native, nginx, haproxy, ketama, envoy'],
    [{ ring: { name: 'haproxy', hashKey: 'port' } }, 'consistentHash.ring.hashKey must be one of id, addr'],
    [
      { ring: { name: 'envoy', minimumSize: 0 } },
      'consistentHash.ring.minimumSize must be an integer from 1',
    ],
    [{ ring: { name: 'nginx', variant: 'spy' } }, 'variant is not an option'],
    [{ ring: 'nginx', pointsPerWeight: 40 }, 'consistentHash.pointsPerWeight must be left out'],
  ])('is checked: %o', (options, message) => {
    expect(() => consistentHash(options as ConsistentHashOptions)).toThrow(message);
  });
});
