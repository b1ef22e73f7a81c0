import { describe, expect, it } from 'vitest';
import { Balancer } from '../../src/index.ts';

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
