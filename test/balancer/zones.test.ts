import { describe, expect, it } from 'vitest';
import { Balancer, type Lease, type StrategyName, strategies } from '../../src/index.ts';
import { TestEnv, tally } from '../support.ts';

interface ZonedRequest {
  key: string | undefined;
  zone?: string | undefined;
}

const POOL = ['eu', 'us', 'ap'].flatMap((zone) =>
  [0, 1, 2, 3].map((i) => ({ url: `http://${zone}${i}`, zone })),
);

function setUp(strategy: StrategyName = 'consistent-hash', extra: { url: string; backup: boolean }[] = []) {
  return new Balancer<ZonedRequest>([...POOL, ...extra], {
    strategy,
    key: ({ key }) => key,
    pool: { zones: { of: ({ zone }) => zone, order: ['eu', 'us', 'ap'] } },
    env: new TestEnv(),
  });
}

/** How many of some requests each zone gets. */
function send(balancer: Balancer<ZonedRequest>, requests: number, zone?: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < requests; i++) {
    const lease = balancer.acquire({ key: `key ${i}`, zone }) as Lease;
    tally(counts, lease.backend.zone ?? 'backup');
    lease.release();
  }
  return counts;
}

describe('zones', () => {
  it.each(Object.keys(strategies) as StrategyName[])(
    'keep requests at home while they can carry them: %s',
    (strategy) => {
      expect(send(setUp(strategy), 300, 'us')).toEqual({ us: 300 });
    },
  );

  it('carry everything with 3 of 4 up, and pass on what exceeds 1.4 times their health below that', () => {
    const balancer = setUp();
    balancer.markDown('http://us0');
    expect(send(balancer, 500, 'us')).toEqual({ us: 500 });
    balancer.markDown('http://us1');
    const half = send(balancer, 2_000, 'us');
    expect((half.us ?? 0) / 2_000).toBeCloseTo(0.7, 1);
    expect((half.eu ?? 0) / 2_000).toBeCloseTo(0.3, 1);
    expect(half.ap).toBeUndefined();
  });

  it('keep what their backends can work on at once, where that is known of all', () => {
    const pool = [
      { url: 'http://small', zone: 'small', concurrency: 8 },
      { url: 'http://large', zone: 'large' },
    ];
    const balancer = new Balancer<ZonedRequest>(pool, {
      key: ({ key }) => key,
      pool: { zones: { of: ({ zone }) => zone } },
      bounds: { sharedBy: 2 },
      env: new TestEnv(),
    });
    const kept = (zone: string) => balancer.explain({ key: 'x', zone }).kept;
    // By weight, both are the same.
    expect([kept('small'), kept('large')]).toEqual([1, 1]);
    balancer.report('http://large', { concurrency: 144 });
    expect(kept('small')).toBeCloseTo((1.4 * 8) / 80 / 0.5, 9);
    expect(kept('large')).toBe(1);
    // What cannot be worked on here is divided among the balancers that share it.
    balancer.report('http://large', { concurrency: 16 });
    expect([kept('small'), kept('large')]).toEqual([1, 1]);
    balancer.report('http://large', { concurrency: 144 });
    balancer.markDown('http://large');
    expect(kept('small')).toBe(1);
  });

  // A zone with less capacity than its clients kept them all (Envoy's issue 38561).
  it('keep what they have capacity for, by weight, and explain says so', () => {
    const pool = [
      { url: 'http://small', zone: 'small' },
      ...Array.from({ length: 9 }, (_, i) => ({ url: `http://large${i}`, zone: 'large' })),
      { url: 'http://spare', backup: true },
    ];
    const balancer = new Balancer<ZonedRequest>(pool, {
      key: ({ key }) => key,
      pool: { zones: { of: ({ zone }) => zone } },
      env: new TestEnv(),
    });
    // Two zones, clients spread evenly: 0.1 of the weight times 1.4 is 28 % of half of the requests.
    expect(balancer.explain({ key: 'x', zone: 'small' }).kept).toBeCloseTo(0.28);
    expect(balancer.explain({ key: 'x', zone: 'large' }).kept).toBe(1);
    expect(balancer.explain({ key: 'x' }).kept).toBeUndefined();
    const counts = send(balancer, 1_000, 'small');
    expect((counts.small ?? 0) / 1_000).toBeCloseTo(0.28, 1);
    expect(counts.large).toBe(1_000 - (counts.small ?? 0));
    expect(send(balancer, 500, 'large')).toEqual({ large: 500 });
    for (let i = 0; i < 9; i++) balancer.markDown(`http://large${i}`);
    expect(send(balancer, 100, 'small')).toEqual({ small: 100 });
  });

  it('keep all where weights differ no more than chance does', () => {
    const pool = [3, 2].flatMap((count, z) =>
      Array.from({ length: count }, (_, i) => ({ url: `http://${z}${i}`, zone: `${z}` })),
    );
    const balancer = new Balancer<ZonedRequest>(pool, {
      key: ({ key }) => key,
      pool: { zones: { of: ({ zone }) => zone } },
    });
    expect(send(balancer, 500, '0')).toEqual({ 0: 500 });
    expect(send(balancer, 500, '1')).toEqual({ 1: 500 });
  });

  it('learn where clients are: one with nine of ten clients and a third of the weight keeps a half', () => {
    const balancer = setUp('round-robin');
    const ask = (i: number) => {
      const lease = balancer.acquire({ key: undefined, zone: i % 10 === 0 ? 'us' : 'eu' }) as Lease;
      lease.release();
      return lease.backend.zone ?? '';
    };
    expect(balancer.explain({ key: 'x', zone: 'eu' }).kept).toBe(1);
    for (let i = 0; i < 2_048; i++) ask(i);
    expect(balancer.explain({ key: 'x', zone: 'eu' }).kept).toBeCloseTo(1.4 / 3 / 0.9, 1);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 1_000; i++) tally(counts, ask(i));
    for (const count of Object.values(counts)) expect(count / 1_000).toBeLessThan(0.55);
  });

  it('stand in for one that is all down, in their order', () => {
    const balancer = setUp();
    for (const { url, zone } of POOL) if (zone === 'ap') balancer.markDown(url);
    expect(send(balancer, 200, 'ap')).toEqual({ eu: 200 });
  });

  it('serve a request of no zone, or of an unknown one, by weight', () => {
    for (const zone of [undefined, 'mars']) {
      const counts = send(setUp(), 3_000, zone);
      for (const share of Object.values(counts)) expect(share / 3_000).toBeCloseTo(1 / 3, 1);
    }
  });

  it('are none for members without one: a request of no zone goes to any, by weight', () => {
    const pool = [...['eu', 'us'].map((zone) => ({ url: `http://${zone}`, zone })), 'http://nowhere'];
    const balancer = new Balancer<string>(pool, { pool: { zones: { of: () => undefined } } });
    const counts: Record<string, number> = {};
    for (let i = 0; i < 3_000; i++) {
      tally(counts, (balancer.acquire(`key ${i}`) as Lease).backend.id);
    }
    expect(Object.keys(counts)).toHaveLength(3);
    for (const count of Object.values(counts)) expect(count / 3_000).toBeCloseTo(1 / 3, 1);
  });

  it('keep each key on one backend of each zone', () => {
    const balancer = setUp();
    const place = (zone: string) => {
      const lease = balancer.acquire({ key: 'one key', zone }) as Lease;
      lease.release();
      return lease.backend.id;
    };
    const first = ['eu', 'us', 'ap'].map(place);
    expect(['eu', 'us', 'ap'].map(place)).toEqual(first);
    expect(new Set(first).size).toBe(3);
  });

  it('fail over to another zone when their own is used up', () => {
    const balancer = setUp();
    const own = balancer.backends.filter(({ zone }) => zone === 'us');
    expect((balancer.acquire({ key: 'x', zone: 'us' }, { tried: own }) as Lease).backend.zone).toBe('eu');
  });

  it('are named by explain', () => {
    const { picked, candidates } = setUp('consistent-hash', [{ url: 'http://b', backup: true }]).explain({
      key: 'x',
      zone: 'us',
    });
    expect(picked).toMatch(/us/);
    expect(new Set(candidates.map(({ verdict }) => verdict))).toEqual(
      new Set(['picked', 'eligible', 'zone eu', 'zone ap', 'backup']),
    );
  });

  it('explain what acquire does, without a key too', () => {
    const balancer = setUp();
    for (let i = 0; i < 500; i++) {
      const request = { key: i % 2 === 0 ? undefined : `key ${i}`, zone: i % 3 === 0 ? undefined : 'ap' };
      const { picked } = balancer.explain(request);
      expect((balancer.acquire(request) as Lease).backend.id).toBe(picked);
    }
  });

  it('divide the pool no longer when the last backend of one has left', () => {
    const balancer = new Balancer<string>(
      [
        { url: 'http://a', zone: 'eu' },
        { url: 'http://b', zone: 'us' },
      ],
      { pool: { zones: { of: () => 'eu' } } },
    );
    expect(() => balancer.plan({})).toThrow(TypeError);
    balancer.remove('http://b');
    expect(balancer.plan({}).moves).toEqual([]);
  });

  it('hold the bounds within each of them', () => {
    const balancer = setUp();
    for (let i = 0; i < 400; i++) balancer.acquire({ key: 'hot', zone: 'us' });
    const inFlight = balancer
      .stats()
      .backends.filter(({ zone }) => zone === 'us')
      .map((backend) => backend.inFlight);
    expect(Math.max(...inFlight)).toBeLessThanOrEqual(Math.ceil(1.25 * 100 + 10));
    expect(inFlight.reduce((sum, n) => sum + n)).toBe(400);
  });

  it('do not matter unless they are asked for', () => {
    const balancer = new Balancer(POOL);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 1_200; i++)
      tally(counts, (balancer.acquire(`key ${i}`) as Lease).backend.zone as string);
    expect(Object.keys(counts)).toHaveLength(3);
  });

  it('come and go with their backends', () => {
    const balancer = setUp();
    for (const { url, zone } of POOL) if (zone === 'us') balancer.remove(url);
    expect(send(balancer, 100, 'us').us).toBeUndefined();
    for (let i = 0; i < 4; i++) balancer.add({ url: `http://us9${i}`, zone: 'us' });
    expect(send(balancer, 100, 'us')).toEqual({ us: 100 });
  });
});

describe('backups', () => {
  const pool = ['http://a', 'http://b', { url: 'http://spare', backup: true }];

  it('serve only when no other backend can', () => {
    const balancer = new Balancer(pool);
    const ids = () =>
      new Set(Array.from({ length: 50 }, (_, i) => (balancer.acquire(`${i}`) as Lease).backend.id));
    expect(ids()).toEqual(new Set(['http://a', 'http://b']));
    balancer.markDown('http://a');
    expect(ids()).toEqual(new Set(['http://b']));
    balancer.markDown('http://b');
    expect(ids()).toEqual(new Set(['http://spare']));
    expect(balancer.stats().panic).toBe(false);
    balancer.markUp('http://a');
    expect(ids()).toEqual(new Set(['http://a']));
  });

  it('serve a request that has tried all others', () => {
    const balancer = new Balancer(pool);
    const tried = balancer.backends.filter(({ id }) => id !== 'http://spare');
    expect((balancer.acquire('x', { tried }) as Lease).backend.id).toBe('http://spare');
  });

  it('do not keep panic away once they are down themselves', () => {
    const balancer = new Balancer(pool, { pool: { panicRatio: 0.5 } });
    for (const id of ['http://a', 'http://b', 'http://spare']) balancer.markDown(id);
    expect(balancer.stats().panic).toBe(true);
    expect(['http://a', 'http://b']).toContain((balancer.acquire('x') as Lease).backend.id);
  });
});
