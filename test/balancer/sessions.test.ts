import { describe, expect, it } from 'vitest';
import { Balancer, type Lease, type Session, type StrategyName, strategies } from '../../src/index.ts';
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
    void balancer.drain('http://a', { sessionsMs: 30_000 });
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
    expect(new Set(placed)).toEqual(new Set([home]));
    expect(balancer.stats().keys).toBe(0);
  });

  it('stays at its home while that drains, until the time of its sessions is up', () => {
    const env = new TestEnv();
    const balancer = new Balancer(FOUR, { env });
    const place = () => balancer.acquire('x', { session: { key: 'ann' } })?.backend.id;
    const home = place() as string;
    void balancer.drain(home, { sessionsMs: 1_000 });
    expect(place()).toBe(home);
    env.advance(1_000);
    expect(place()).not.toBe(home);
  });

  it('tells its home while that is in service, even to an object that cannot be changed', () => {
    const balancer = new Balancer(FOUR);
    const session: Session = { key: 'ann' };
    const { backend } = balancer.acquire('x', { session }) as Lease;
    expect(session.home).toBe(backend.id);
    expect(balancer.acquire('x', { session: Object.freeze({ key: 'ann' }) })?.backend).toBe(backend);
    balancer.markDown(backend.id);
    balancer.acquire('x', { session });
    expect(session.home).toBeUndefined();
  });
});

describe('sessions by key, over 4 balancers that know nothing of each other', () => {
  // 82 % (consistent-hash) to 98 % (least-connections) of sessions were on more than one backend.
  it.each(Object.keys(strategies) as StrategyName[])('are never on more than one backend: %s', (strategy) => {
    const pool = Array.from({ length: 10 }, (_, i) => ({ url: `http://b${i}`, weight: 1 + (i % 3) }));
    const env = new TestEnv(7);
    const balancers = Array.from(
      { length: 4 },
      (_, i) =>
        new Balancer(
          [...pool].sort(() => env.random() - 0.5),
          { strategy, env: new TestEnv(i) },
        ),
    );
    const places = new Map<string, Set<string>>();
    for (let i = 0; i < 20_000; i++) {
      const balancer = balancers[Math.floor(env.random() * 4)] as Balancer;
      const key = `user ${Math.floor(env.random() ** 2 * 1_000)}`;
      // Other requests, some of which stay: keys and requests in flight differ between the balancers.
      const other = balancer.acquire(`page ${Math.floor(env.random() * 300)}`) as Lease;
      if (env.random() < 0.95) other.release();
      const { backend } = balancer.acquire('x', { session: { key } }) as Lease;
      places.set(key, (places.get(key) ?? new Set()).add(backend.id));
    }
    expect([...places.values()].filter((backends) => backends.size > 1)).toEqual([]);
    expect(new Set([...places.values()].flatMap((backends) => [...backends])).size).toBe(10);
  });

  it('are still on one where a backend is down for all of them', () => {
    const balancers = Array.from({ length: 4 }, () => new Balancer(FOUR, { strategy: 'round-robin' }));
    for (const balancer of balancers) balancer.markDown('http://b');
    for (let i = 0; i < 500; i++) {
      const session = { key: `user ${i}` };
      const places = balancers.map((balancer) => balancer.acquire('x', { session: { ...session } }));
      expect(new Set(places.map((lease) => lease?.backend.id)).size).toBe(1);
    }
  });
});
