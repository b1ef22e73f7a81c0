import { describe, expect, it } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.ts';
import type { GuardFactory } from '../../src/balancer/guard.ts';
import { circuitBreaker } from '../../src/health/circuit-breaker.ts';
import { outlierEjection } from '../../src/health/outlier-ejection.ts';
import { type SlowStartOptions, slowStart } from '../../src/health/slow-start.ts';
import { type StrategyName, strategies } from '../../src/strategies/registry.ts';
import { TestEnv } from '../support.ts';
import { ids, send } from './steering.ts';

const [A, B] = ids(2) as [string, string];
const NEW = 'http://new';

function setUp(options: SlowStartOptions = {}, before: GuardFactory[] = [], count = 4) {
  const env = new TestEnv();
  const balancer = new Balancer(ids(count), { guards: [...before, slowStart(options)], env });
  balancer.stats();
  return { env, balancer };
}

const weightOf = (balancer: Balancer, id: string) =>
  balancer.stats().backends.find((backend) => backend.id === id)?.currentWeight;

/** The weights of a backend as time goes on. */
function curve(balancer: Balancer, env: TestEnv, id: string, everyMs: number, times: number) {
  return Array.from({ length: times }, () => {
    const weight = weightOf(balancer, id) as number;
    env.advance(everyMs);
    return Number(weight.toFixed(4));
  });
}

describe('slow start', () => {
  it('lets the weight of a new backend rise from a tenth to the whole over 30 s, in ten steps', () => {
    const { env, balancer } = setUp();
    balancer.add(NEW);
    expect(curve(balancer, env, NEW, 3_000, 12)).toEqual([
      0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1,
    ]);
    expect(balancer.dueAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes each step on time', () => {
    const { env, balancer } = setUp({ steps: 4, windowMs: 1_000, floor: 0.05 });
    env.advance(333);
    balancer.add(NEW);
    for (const [before, after] of [
      [0.05, 0.25],
      [0.25, 0.5],
      [0.5, 0.75],
      [0.75, 1],
    ]) {
      expect(weightOf(balancer, NEW)).toBe(before);
      env.advance(249);
      expect(weightOf(balancer, NEW)).toBe(before);
      env.advance(1);
      expect(weightOf(balancer, NEW)).toBe(after);
    }
  });

  it('scales the weight that was given', () => {
    const { env, balancer } = setUp();
    balancer.add({ url: NEW, weight: 5 });
    env.advance(15_000);
    expect(weightOf(balancer, NEW)).toBe(2.5);
    balancer.setWeight(NEW, 8);
    expect(weightOf(balancer, NEW)).toBe(4);
    expect(balancer.stats().backends.at(-1)?.weight).toBe(8);
  });

  it.each([
    [2, [0.1, 0.5, Number(Math.SQRT1_2.toFixed(4)), 0.866, 1]],
    [0.5, [0.1, 0.1, 0.25, 0.5625, 1]],
  ])('rises as the aggression of %d wants it', (aggression, weights) => {
    const { env, balancer } = setUp({ aggression, steps: 4, windowMs: 400 });
    balancer.add(NEW);
    expect(curve(balancer, env, NEW, 100, 5)).toEqual(weights);
  });

  it('keeps requests off a starting backend in proportion', () => {
    const { env, balancer } = setUp({}, [], 9);
    balancer.add(NEW);
    env.advance(15_000);
    const hits = Array.from({ length: 9_500 }, (_, i) => balancer.explain(`key ${i}`).owner);
    expect(hits.filter((id) => id === NEW).length / 9_500).toBeCloseTo(0.5 / 9.5, 1.7);
  });

  it('starts what is up again, back from an ejection, or closed', () => {
    const { env, balancer } = setUp({}, [
      outlierEjection({ jitter: 0, successRate: { minBackends: Number.POSITIVE_INFINITY } }),
      circuitBreaker({ minRequests: 3 }),
    ]);
    balancer.markDown(A);
    expect(weightOf(balancer, A), 'not yet').toBe(1);
    balancer.markUp(A);
    expect(weightOf(balancer, A)).toBe(0.1);
    env.advance(30_000);
    expect(weightOf(balancer, A)).toBe(1);

    send(balancer, A, 'failure', 3);
    env.advance(5_000);
    send(balancer, A, 'success');
    expect(weightOf(balancer, A), 'closed').toBe(0.1);
    env.advance(30_000);

    const five = Array.from({ length: 5 }, () => balancer.acquire('any', { session: { backend: B } }));
    for (const lease of five) lease?.release('failure');
    env.advance(30_000);
    expect(weightOf(balancer, B), 'returned, in the same decision').toBe(0.1);
  });

  it('starts over at the floor where a backend comes back before it was through', () => {
    const { env, balancer } = setUp();
    balancer.add(NEW);
    env.advance(15_000);
    expect(weightOf(balancer, NEW)).toBe(0.5);
    balancer.markDown(NEW);
    balancer.markUp(NEW);
    expect(weightOf(balancer, NEW)).toBe(0.1);
    env.advance(27_000);
    expect(weightOf(balancer, NEW)).toBe(0.9);
  });

  it('counts from when the backend came, though the next decision is later', () => {
    const { env, balancer } = setUp();
    balancer.add(NEW);
    env.advance(15_000);
    expect(weightOf(balancer, NEW)).toBe(0.5);
  });

  it('starts a backend anew that left and came back, whether it was noticed or not', () => {
    const { env, balancer } = setUp();
    balancer.add(NEW);
    expect(weightOf(balancer, NEW)).toBe(0.1);
    balancer.remove(NEW);
    balancer.stats();
    balancer.add(NEW);
    expect(weightOf(balancer, NEW)).toBe(0.1);
    balancer.remove(NEW);
    env.advance(10_000);
    balancer.add(NEW);
    balancer.remove(NEW);
    balancer.stats();
    balancer.add(NEW);
    expect(weightOf(balancer, NEW)).toBe(0.1);
  });

  it('is never due again without a step to take, whatever rounding does to the time', () => {
    for (const [windowMs, steps] of [
      [1_000, 3],
      [1_000, 7],
      [30_000, 10],
    ] as const) {
      for (const startedAt of [0.1, 333.3, 1_234.56, 1e6 + 0.1]) {
        const { env, balancer } = setUp({ windowMs, steps, floor: 0.01 });
        env.nowMs = startedAt;
        balancer.add(NEW);
        let last = weightOf(balancer, NEW) as number;
        while (balancer.dueAt !== Number.POSITIVE_INFINITY) {
          env.nowMs = balancer.dueAt;
          const next = weightOf(balancer, NEW) as number;
          expect(next).toBeGreaterThan(last);
          last = next;
        }
        expect(last).toBe(1);
      }
    }
  });

  describe('where scaling is counted', () => {
    function setUpCounting() {
      const count = { calls: 0 };
      const counting: GuardFactory = (control) =>
        slowStart()({
          ...control,
          get backends() {
            return control.backends;
          },
          scale: (factors) => {
            count.calls++;
            control.scale(factors);
          },
        });
      const env = new TestEnv();
      const balancer = new Balancer(ids(4), { guards: [counting], env });
      balancer.stats();
      return { count, env, balancer };
    }

    it('scales several that are starting in one go', () => {
      const { count, env, balancer } = setUpCounting();
      for (let i = 0; i < 50; i++) {
        balancer.add(`http://new${i}`);
        env.advance(1);
      }
      balancer.stats();
      expect(count.calls).toBe(1);
      while (balancer.dueAt !== Number.POSITIVE_INFINITY) {
        env.advance(1);
        balancer.stats();
      }
      // The first step stays at the floor. Their starts lie 50 ms apart: two calls a step at the most.
      expect(count.calls).toBeLessThanOrEqual(1 + 2 * 9);
      expect(balancer.stats().backends.every(({ currentWeight }) => currentWeight === 1)).toBe(true);
    });

    it('does nothing for a backend that flaps at the floor', () => {
      const { count, env, balancer } = setUpCounting();
      for (let i = 0; i < 100; i++) {
        balancer.markDown(A);
        env.advance(50);
        balancer.markUp(A);
        env.advance(50);
        balancer.stats();
      }
      expect(count.calls).toBe(1);
    });
  });
});

describe('slow start is skipped', () => {
  it('where everybody is new', () => {
    const { balancer } = setUp();
    expect(balancer.stats().backends.map(({ currentWeight }) => currentWeight)).toEqual([1, 1, 1, 1]);
  });

  it('where the pool was empty', () => {
    const { balancer } = setUp({}, [], 0);
    balancer.add(A);
    balancer.add(B);
    expect([weightOf(balancer, A), weightOf(balancer, B)]).toEqual([1, 1]);
  });

  it('where nobody else may serve', () => {
    const { balancer } = setUp({}, [], 2);
    void balancer.drain(A);
    balancer.markDown(B);
    balancer.stats();
    balancer.markUp(B);
    expect(weightOf(balancer, B)).toBe(1);
  });

  it('in a crisis', () => {
    const { balancer } = setUp();
    for (const id of ids(4)) balancer.markDown(id);
    balancer.markUp(A);
    expect(balancer.stats().crisis).toBe(true);
    expect(weightOf(balancer, A)).toBe(1);
  });

  it('for what trials have brought back to its load, and for nothing else', () => {
    const { balancer } = setUp({}, [], 5);
    const [, ...down] = ids(5);
    for (const id of down) balancer.markDown(id);
    const proven = new Set<string>();
    for (let i = 0; i < 100 && proven.size < 2; i++) {
      const lease = balancer.acquire(`${i}`, { repeatable: true });
      if (lease?.isTrial) proven.add(lease.backend.id);
      lease?.release();
    }
    for (const id of down) balancer.markUp(id);
    for (const id of down) expect([id, weightOf(balancer, id)]).toEqual([id, proven.has(id) ? 1 : 0.1]);
    // What was proven once does not count for the next time.
    const [one] = [...proven] as [string];
    balancer.markDown(one);
    balancer.markUp(one);
    expect(weightOf(balancer, one)).toBe(0.1);
  });

  it('for the members that change places with everybody else', () => {
    const pool = ids(2);
    const balancer = new Balancer(pool, { guards: [slowStart()], env: new TestEnv() });
    balancer.stats();
    pool.splice(0, 2, 'http://c', 'http://d');
    expect(balancer.stats().backends.map(({ currentWeight }) => currentWeight)).toEqual([1, 1]);
  });
});

it.each([0.5, 1, 2])(
  'begins anew, and keeps its weights, where the clock is set back: aggression %d',
  (aggression) => {
    const { env, balancer } = setUp({ aggression });
    env.advance(100_000);
    balancer.add(NEW);
    balancer.stats();
    env.nowMs = 1_000;
    balancer.add('http://newer');
    expect(weightOf(balancer, NEW)).toBe(0.1);
    expect(weightOf(balancer, 'http://newer')).toBe(0.1);
  },
);

describe('slow start and the strategies', () => {
  it('only gives a ring points: each key moves once, to the starting backend', () => {
    const env = new TestEnv();
    const bounds = { factor: Number.POSITIVE_INFINITY };
    const balancer = new Balancer(ids(6), { guards: [slowStart()], bounds, env });
    balancer.stats();
    balancer.add(NEW);
    const keys = Array.from({ length: 2_000 }, (_, i) => `key ${i}`);
    const owners = () => keys.map((key) => balancer.explain(key).owner);
    let last = owners();
    const shares: number[] = [];
    for (let step = 0; step < 10; step++) {
      env.advance(3_000);
      const now = owners();
      for (const [i, owner] of now.entries()) if (owner !== last[i]) expect(owner).toBe(NEW);
      last = now;
      shares.push(now.filter((owner) => owner === NEW).length);
    }
    expect(shares.at(-1)).toBeGreaterThan(4 * (shares[0] as number));
    const fresh = new Balancer([...ids(6), NEW], { bounds });
    expect(last).toEqual(keys.map((key) => fresh.explain(key).owner));
  });

  it('brings remembered keys home in one move, however many steps it takes', () => {
    const env = new TestEnv();
    const balancer = new Balancer(ids(6), { guards: [slowStart()], env });
    const keys = Array.from({ length: 600 }, (_, i) => `key ${i}`);
    const owners = () =>
      keys.map((key) => {
        const lease = balancer.acquire(key);
        lease?.release();
        return lease?.backend.id;
      });
    const first = owners();
    const moves = keys.map(() => 0);
    let last = first;
    const watch = () => {
      const now = owners();
      for (const [i, owner] of now.entries()) if (owner !== last[i]) moves[i] = (moves[i] as number) + 1;
      last = now;
    };
    balancer.markDown(A);
    watch();
    balancer.markUp(A);
    for (let step = 0; step < 12; step++) {
      watch();
      env.advance(3_000);
    }
    expect(last).toEqual(first);
    // Those of the one that was down left once and came home once; the others stayed.
    expect(moves).toEqual(first.map((owner) => (owner === A ? 2 : 0)));
  });

  it.each(Object.keys(strategies) as StrategyName[])('goes with %s', (strategy) => {
    const env = new TestEnv();
    const balancer = new Balancer(ids(3), { guards: [slowStart()], env, strategy });
    balancer.stats();
    balancer.add(NEW);
    const shareOf = (id: string, requests: number) => {
      let hits = 0;
      const held = Array.from({ length: requests }, (_, i) => balancer.acquire(`key ${i} ${env.nowMs}`));
      for (const lease of held) {
        if (lease?.backend.id === id) hits++;
        lease?.release();
      }
      return hits / requests;
    };
    const atFirst = shareOf(NEW, 400);
    env.advance(60_000);
    expect(shareOf(NEW, 400)).toBeGreaterThan(2 * atFirst);
  });
});

it.each<[SlowStartOptions, string]>([
  [{ windowMs: 0 }, 'windowMs must be a finite number above 0, got 0'],
  [{ aggression: -1 }, 'aggression must be a finite number above 0, got -1'],
  [{ floor: 0 }, 'floor must be a number above 0 and up to 1, got 0'],
  [{ floor: 1.5 }, 'floor must be a number above 0 and up to 1, got 1.5'],
  [{ steps: 0 }, 'steps must be an integer of at least 1, got 0'],
])('refuses %o', (options, message) => {
  expect(() => slowStart(options)).toThrow(new RangeError(`slowStart.${message}`));
});
