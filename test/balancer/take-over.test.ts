import { describe, expect, it } from 'vitest';
import { type BackendPoolEntry, Balancer, type BalancerEvent } from '../../src/index.ts';
import { TestEnv } from '../support.ts';

const [A, B, C, D] = ['http://a', 'http://b', 'http://c', 'http://d'] as const;

/**
 * Balancers over two arrays, of which the second takes the place of the first once calls have changed that.
 */
function replaced(
  change: (before: Balancer) => void,
  after: BackendPoolEntry[] = [A, B, C],
  before: BackendPoolEntry[] = [A, B, C],
) {
  const env = new TestEnv();
  const old = new Balancer(before, { env });
  change(old);
  const balancer = new Balancer(after, { env, strategy: 'round-robin' });
  const events: BalancerEvent[] = [];
  balancer.subscribe((event) => events.push(event));
  balancer.takeOver(old);
  const shown = Object.fromEntries(
    balancer.stats().backends.map(({ id, state, weight }) => [id, [state, weight]]),
  );
  return { balancer, shown, events, env, after };
}

const UP = ['up', 1];

describe('a balancer that takes the place of another', () => {
  it('has who was added, without who was removed', () => {
    const { shown, balancer, after } = replaced((before) => {
      before.add({ id: 'd', url: D, weight: 2, backup: true, zone: 'z' });
      before.remove(B);
    });
    expect(shown).toEqual({ [A]: UP, [C]: UP, d: ['up', 2] });
    expect(balancer.stats().backends.at(-1)).toMatchObject({ url: D, backup: true, zone: 'z' });
    // As in the one before: out until it has left the array.
    after.splice(1, 1);
    expect(balancer.backends).toHaveLength(3);
    after.push(B);
    expect(balancer.backends.map(({ id }) => id)).toEqual([A, C, B, 'd']);
  });

  it('keeps who was added and then stood in the array as long as it does not leave both', () => {
    const { balancer, after } = replaced((before) => before.add(D), [A, D]);
    expect(balancer.backends.map(({ id }) => id)).toEqual([A, D]);
    after.pop();
    expect(balancer.backends.map(({ id }) => id)).toEqual([A, D]);
    balancer.remove(D);
    expect(balancer.backends.map(({ id }) => id)).toEqual([A]);
  });

  it('has weights that were set, but for those that the array now gives otherwise', () => {
    const set = (before: Balancer) => {
      before.setWeight(A, 5);
      before.setWeight(B, 0);
    };
    expect(replaced(set).shown).toEqual({ [A]: ['up', 5], [B]: ['up', 0], [C]: UP });
    const other = replaced(set, [{ url: A, weight: 3 }, B]);
    expect(other.shown).toEqual({ [A]: ['up', 3], [B]: ['up', 0] });
  });

  it('lets those drain, and be down, that did', () => {
    const { shown, balancer, events, env } = replaced((before) => {
      void before.drain(A, { sessionsMs: 1_000 });
      before.markDown(B);
    });
    expect(shown).toEqual({ [A]: ['draining', 1], [B]: ['down', 1], [C]: UP });
    expect(events).toEqual([
      { type: 'draining', backend: A },
      { type: 'down', backend: B },
    ]);
    const session = { backend: A };
    const taken = () => balancer.acquire('x', { session })?.backend.id;
    expect(taken()).toBe(A);
    env.advance(1_001);
    expect(taken()).toBe(C);
    balancer.resume(A);
    balancer.markUp(B);
    expect(balancer.stats().backends.map(({ state }) => state)).toEqual(['up', 'up', 'up']);
  });

  it('knows nothing of one that has another address now, or is not there', () => {
    const { shown } = replaced(
      (before) => {
        before.markDown('a');
        void before.drain(B);
        before.setWeight('a', 4);
      },
      [{ id: 'a', url: D }],
      [{ id: 'a', url: A }, B],
    );
    expect(shown).toEqual({ a: UP });
  });

  it('has who was removed if it has another address now', () => {
    const { shown } = replaced(
      (before) => before.remove('a'),
      [{ id: 'a', url: D }, B],
      [{ id: 'a', url: A }, B],
    );
    expect(shown).toEqual({ a: UP, [B]: UP });
  });

  it('leaves the other one as it was', () => {
    const old = new Balancer([A, B]);
    old.setWeight(A, 2);
    old.markDown(B);
    const stats = old.stats();
    new Balancer([A, B]).takeOver(old);
    expect(old.stats()).toEqual(stats);
  });

  it.each([
    ['nothing', undefined, 'undefined'],
    ['an array', ['http://a'], 'Array'],
    ['what is like a balancer', { backends: [] }, 'Object'],
  ])('refuses %s', (_, before, got) => {
    expect(() => new Balancer([A]).takeOver(before as never)).toThrow(
      new TypeError(`before must be a Balancer made by this copy of evenkeel, got ${got}`),
    );
  });
});
