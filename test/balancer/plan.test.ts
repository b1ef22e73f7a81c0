import { describe, expect, it } from 'vitest';
import {
  Balancer,
  type BalancerOptions,
  byCookie,
  byHeader,
  byPath,
  consistentHash,
  type Request,
} from '../../src/index.ts';

const FOUR = ['http://a', 'http://b', 'http://c', 'http://d'];

describe('plan', () => {
  it('moves exactly the share of a backend that goes, and only from it', () => {
    const balancer = new Balancer(FOUR);
    const plan = balancer.plan({ remove: ['http://b'] });
    expect(plan.moved).toBe(balancer.stats().backends[1]?.share);
    expect(new Set(plan.moves.map(({ from }) => from))).toEqual(new Set(['http://b']));
    expect(plan.moves.map(({ to }) => to).sort()).toEqual(['http://a', 'http://c', 'http://d']);
  });

  it('moves keys only to a backend that comes, and tells its share', () => {
    const balancer = new Balancer(FOUR);
    const plan = balancer.plan({ add: ['http://e'] });
    expect(new Set(plan.moves.map(({ to }) => to))).toEqual(new Set(['http://e']));
    balancer.add('http://e');
    expect(plan.moved).toBe(balancer.stats().backends[4]?.share);
    expect(plan.shares.find(({ id }) => id === 'http://e')).toEqual({
      id: 'http://e',
      before: 0,
      after: plan.moved,
    });
  });

  it('changes nothing', () => {
    const balancer = new Balancer(FOUR);
    const before = JSON.stringify(balancer.stats());
    balancer.plan({ add: ['http://e'], remove: ['http://a'], setWeight: { 'http://b': 3 } });
    expect(JSON.stringify(balancer.stats())).toBe(before);
  });

  it('moves everything to nobody where the last backend goes', () => {
    const plan = new Balancer(['http://a']).plan({ remove: ['http://a'] });
    expect(plan.moves).toEqual([{ from: 'http://a', to: undefined, share: 1 }]);
  });

  it('moves nothing where nothing changes', () => {
    expect(new Balancer(FOUR).plan({})).toMatchObject({ moved: 0, moves: [] });
  });

  it.each([
    [{ remove: ['http://z'] }, 'remove names "http://z", which is not in the pool'],
    [{ add: ['http://a'] }, 'add[0] names "http://a", which is already in the pool'],
    [
      { add: ['nonsense'] },
      'add[0] must be host:port, or an http or https URL without user, query and fragment, got "nonsense"',
    ],
    [{ setWeight: { 'http://z': 1 } }, 'setWeight names "http://z", which is not in the pool'],
    [{ setWeight: { 'http://a': -1 } }, 'setWeight["http://a"] must be a number from 0 to 1000, got -1'],
  ])('refuses %o', (change, message) => {
    expect(() => new Balancer(FOUR).plan(change)).toThrow(message);
  });

  it('needs a strategy with arcs', () => {
    expect(() => new Balancer(FOUR, { strategy: 'round-robin' }).plan({})).toThrow(
      'plan needs a strategy that divides the key space into arcs, got round-robin',
    );
  });
});

describe('homes', () => {
  it('are compared later: exactly what has moved since', () => {
    const balancer = new Balancer(FOUR);
    const before = balancer.homes();
    const planned = balancer.plan({ add: ['http://e'], setWeight: { 'http://a': 2 } });
    balancer.add('http://e');
    balancer.setWeight('http://a', 2);
    expect(balancer.movedSince(before)).toEqual(planned);
    expect(balancer.movedSince(balancer.homes()).moved).toBe(0);
  });

  it('are compared between strategies that hash keys alike', () => {
    const ring = new Balancer(FOUR);
    const maglev = new Balancer(FOUR, { strategy: 'maglev' });
    const { moved, exact } = maglev.movedSince(ring.homes());
    expect(exact).toBe(true);
    const keys = Array.from({ length: 4_000 }, (_, i) => `/${i}`);
    const differ = keys.filter((key) => ring.explain(key).owner !== maglev.explain(key).owner).length;
    expect(Math.abs(differ / keys.length - moved)).toBeLessThan(0.03);
  });

  it.each([
    ['another seed', { seed: 7 }, true],
    ['another ring', { strategy: consistentHash({ ring: 'nginx' }) }, true],
    ['other keys', {}, false],
  ] as const)('have nothing in common with those under %s', (_, options, sameKeys) => {
    const [one, other] = [new Balancer(FOUR), new Balancer(FOUR, options)];
    const { moved, exact, shares } = other.movedSince(one.homes(), sameKeys);
    const stay = shares.reduce((sum, { before, after }) => sum + before * after, 0);
    expect(exact).toBe(false);
    expect(moved).toBeCloseTo(1 - stay, 9);
    if (!sameKeys) return;
    const keys = Array.from({ length: 4_000 }, (_, i) => `/${i}`);
    const differ = keys.filter((key) => one.explain(key).owner !== other.explain(key).owner).length;
    expect(Math.abs(differ / keys.length - moved)).toBeLessThan(0.03);
  });

  it('leave out backups, which have no keys while others serve', () => {
    const backup = { url: 'http://z', backup: true };
    const balancer = new Balancer([...FOUR, backup]);
    expect(balancer.homes().shares).toEqual(new Balancer(FOUR).homes().shares);
    expect(balancer.plan({ add: [{ url: 'http://y', backup: true }] }).moved).toBe(0);
  });
});

describe('the fingerprint', () => {
  const of = (options: BalancerOptions<Request> = {}) => new Balancer<Request>(FOUR, options).fingerprint;

  it('covers the bounds and the key', () => {
    const prints = [
      of(),
      of({ bounds: { factor: 1.1 } }),
      of({ bounds: { factor: Number.POSITIVE_INFINITY } }),
      of({ bounds: { z: 0 } }),
      of({ bounds: { strict: true } }),
      of({ bounds: { rememberedKeys: 0 } }),
      of({ key: byPath }),
      of({ key: byHeader('x-user') }),
      of({ key: byHeader('x-shop') }),
      of({ key: byCookie('x-user') }),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('is the same for equal settings, however they are spelt', () => {
    expect(of({ key: byHeader('X-User') })).toBe(of({ key: byHeader('x-user') }));
    expect(of({ bounds: { factor: 1.25 } })).toBe(of());
    // What a backend can work on at once is divided among the workers of a gateway.
    expect(of({ bounds: { concurrency: 4 } })).toBe(of());
  });

  it('adds up the weights of one backend exactly, in any order', () => {
    const weights = [0.1, 0.2, 0.3, 0.7];
    const listed = (order: readonly number[]) =>
      new Balancer(order.map((weight) => ({ url: 'http://a', weight }))).fingerprint;
    expect(listed(weights)).toBe(listed([...weights].reverse()));
    expect(listed([0.3, 0.1, 0.7, 0.2])).toBe(listed(weights));
  });
});
