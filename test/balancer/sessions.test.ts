import { describe, expect, it } from 'vitest';
import { Balancer, type Lease, type StrategyName, strategies } from '../../src/index.ts';
import { TestEnv } from '../support.ts';

const FOUR = ['http://a', 'http://b', 'http://c', 'http://d'];
const on = (backend: string) => ({ backend });

describe('a session', () => {
  it.each(Object.keys(strategies) as StrategyName[])(
    'comes before the strategy and its bounds: %s',
    (strategy) => {
      const balancer = new Balancer(FOUR, { strategy, env: new TestEnv() });
      for (let i = 0; i < 50; i++) {
        expect(balancer.explain('x', { session: on('http://c') }).picked).toBe('http://c');
        expect((balancer.acquire('x', { session: on('http://c') }) as Lease).backend.id).toBe('http://c');
      }
      expect(balancer.stats().inFlight).toBe(50);
    },
  );

  it.each([1, 2])('does not disturb the turns of requests without one: the first of weight %d', (weight) => {
    const pool = FOUR.map((url, i) => ({ url, weight: i === 0 ? weight : 1 }));
    const turns = (between: (balancer: Balancer) => void) => {
      const balancer = new Balancer(pool, { strategy: 'round-robin', env: new TestEnv() });
      return Array.from({ length: 10 }, () => {
        between(balancer);
        return (balancer.acquire('x') as Lease).backend.id;
      });
    };
    const order = turns(() => {});
    for (const id of FOUR) {
      expect(turns((balancer) => balancer.acquire('x', { session: on(id) }))).toEqual(order);
      // What was only looked at must not count as a turn, either.
      const look = (balancer: Balancer) => {
        balancer.explain('x');
        balancer.acquire('x', { session: on(id) });
      };
      expect(turns(look)).toEqual(order);
    }
  });

  it('falls back where its backend is gone, down or was tried', () => {
    const balancer = new Balancer(FOUR);
    expect(balancer.acquire('x', { session: on('http://z') })).toBeDefined();
    balancer.markDown('http://a');
    expect((balancer.acquire('x', { session: on('http://a') }) as Lease).backend.id).not.toBe('http://a');
    const tried = balancer.backends.filter(({ id }) => id === 'http://b');
    expect((balancer.acquire('x', { tried, session: on('http://b') }) as Lease).backend.id).not.toBe(
      'http://b',
    );
  });

  it('stays on a draining backend until its time is up, while new ones go elsewhere', () => {
    const env = new TestEnv();
    const balancer = new Balancer(FOUR, { env });
    void balancer.drain('http://a', 30_000);
    for (let i = 0; i < 50; i++)
      expect((balancer.acquire(`key ${i}`) as Lease).backend.id).not.toBe('http://a');
    env.advance(29_999);
    expect((balancer.acquire('x', { session: on('http://a') }) as Lease).backend.id).toBe('http://a');
    env.advance(1);
    expect((balancer.acquire('x', { session: on('http://a') }) as Lease).backend.id).not.toBe('http://a');
  });

  it('stays on a backend of weight 0, which takes no new ones', () => {
    const balancer = new Balancer(['http://a', { url: 'http://b', weight: 0 }]);
    expect((balancer.acquire('x') as Lease).backend.id).toBe('http://a');
    expect((balancer.acquire('x', { session: on('http://b') }) as Lease).backend.id).toBe('http://b');
  });

  it('is placed by its own key when it is new', () => {
    const balancer = new Balancer(FOUR);
    const placed = Array.from(
      { length: 40 },
      (_, i) => (balancer.acquire(`path ${i}`, { session: { key: 'ann' } }) as Lease).backend.id,
    );
    const unbounded = new Balancer(FOUR, { bounds: { factor: Number.POSITIVE_INFINITY } });
    const home = (unbounded.acquire('ann') as Lease).backend.id;
    expect(placed[0]).toBe(home);
    expect(balancer.stats().keys).toBe(1);
  });
});
