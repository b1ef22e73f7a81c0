import { describe, expect, it } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.ts';
import type { OutlierEjectionOptions } from '../../src/health/ejection-options.ts';
import { outlierEjection } from '../../src/health/outlier-ejection.ts';
import { TestEnv } from '../support.ts';
import { eventsOf, ids, leaseOn, send, typesOf, verdictOf } from './steering.ts';

const [A, B, C, D] = ids(4) as [string, string, string, string];

function setUp(count = 4, options: OutlierEjectionOptions = { jitter: 0 }, seed = 1) {
  const env = new TestEnv(seed);
  const balancer = new Balancer(ids(count), { guards: [outlierEjection(options)], env });
  return { env, balancer, events: eventsOf(balancer) };
}

describe('outlier ejection by failures in a row', () => {
  it('ejects after five, not after four', () => {
    const { balancer, events } = setUp();
    send(balancer, A, 'failure', 4);
    expect(events).toEqual([]);
    send(balancer, A, 'failure');
    expect(events).toEqual([{ type: 'ejected', backend: A, reason: 'consecutive failures', forMs: 30_000 }]);
    expect(balancer.stats().backends[0]?.state).toBe('barred');
  });

  it('starts to count anew at a success', () => {
    const { balancer, events } = setUp();
    send(balancer, A, 'failure', 4);
    send(balancer, A, 'success');
    send(balancer, A, 'failure', 4);
    expect(events).toEqual([]);
  });

  it('neither counts nor forgives what the client cancels', () => {
    const { balancer, events } = setUp();
    send(balancer, A, 'cancelled', 50);
    send(balancer, A, 'failure', 4);
    send(balancer, A, 'cancelled');
    expect(events).toEqual([]);
    send(balancer, A, 'failure');
    expect(typesOf(events)).toEqual([`ejected ${A}`]);
  });

  it('counts each backend on its own', () => {
    const { balancer, events } = setUp();
    for (let i = 0; i < 4; i++) for (const id of [A, B, C, D]) send(balancer, id, 'failure');
    expect(events).toEqual([]);
  });

  it('tells for how long, and brings the backend back on time', () => {
    const { env, balancer, events } = setUp();
    send(balancer, A, 'failure', 5);
    env.advance(17_700);
    expect(verdictOf(balancer, A)).toBe('ejected for another 12.3 s');
    env.advance(12_299);
    expect(verdictOf(balancer, A)).toBe('ejected for another 0.0 s');
    expect(events).toHaveLength(1);
    env.advance(1);
    expect(verdictOf(balancer, A)).toBe('eligible');
    expect(events.slice(1)).toEqual([{ type: 'returned', backend: A }]);
  });

  it('ejects longer each time in a row, up to the most', () => {
    const { env, balancer, events } = setUp();
    const times: number[] = [];
    for (let i = 0; i < 12; i++) {
      send(balancer, A, 'failure', i === 0 ? 5 : 1);
      times.push((events.at(-1) as { forMs: number }).forMs / 1_000);
      env.advance(times[i]! * 1_000);
      balancer.stats();
    }
    expect(times).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  });

  it('forgets one ejection for each interval without one', () => {
    const { env, balancer, events } = setUp();
    const ejectAgain = () => {
      send(balancer, A, 'success');
      send(balancer, A, 'failure', 5);
      const { forMs } = events.at(-1) as { forMs: number };
      env.advance(forMs);
      balancer.stats();
      return forMs / 1_000;
    };
    expect([ejectAgain(), ejectAgain(), ejectAgain()]).toEqual([30, 60, 90]);
    env.advance(9_999);
    expect(ejectAgain()).toBe(120);
    env.advance(20_000);
    expect(ejectAgain(), 'two of four are forgotten').toBe(90);
    env.advance(10 ** 6);
    expect(ejectAgain(), 'never fewer than none').toBe(30);
  });

  it('ejects a backend at once that comes back and goes on failing, unless it succeeded', () => {
    const { env, balancer, events } = setUp();
    send(balancer, A, 'failure', 5);
    env.advance(30_000);
    send(balancer, A, 'failure');
    expect(typesOf(events)).toEqual([`ejected ${A}`, `returned ${A}`, `ejected ${A}`]);
    env.advance(60_000);
    send(balancer, A, 'success');
    send(balancer, A, 'failure', 4);
    expect(events).toHaveLength(4);
  });

  it('does not hold requests against a backend that were under way when it was ejected', () => {
    const { env, balancer, events } = setUp();
    const old = Array.from({ length: 9 }, () => leaseOn(balancer, A));
    send(balancer, A, 'failure', 5);
    for (const lease of old.slice(0, 4)) lease.release('failure');
    env.advance(30_000);
    balancer.stats();
    for (const lease of old.slice(4)) lease.release('failure');
    balancer.stats();
    expect(typesOf(events)).toEqual([`ejected ${A}`, `returned ${A}`]);
    send(balancer, A, 'failure');
    expect(events, 'those that began since do count').toHaveLength(3);
  });

  it('spreads the times by the jitter, never above the most', () => {
    const seen: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const { balancer, events } = setUp(4, {}, seed);
      send(balancer, A, 'failure', 5);
      seen.push((events[0] as { forMs: number }).forMs);
    }
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(27_000);
    expect(Math.min(...seen)).toBeLessThan(27_500);
    expect(Math.max(...seen)).toBeLessThanOrEqual(33_000);
    expect(Math.max(...seen)).toBeGreaterThan(32_500);

    const { env, balancer, events } = setUp(4, { maxMs: 40_000, jitter: 0.5 });
    const longest: number[] = [];
    for (let i = 0; i < 50; i++) {
      send(balancer, A, 'failure', i === 0 ? 5 : 1);
      longest.push((events.at(-1) as { forMs: number }).forMs);
      env.advance(longest.at(-1) as number);
      balancer.stats();
    }
    expect(Math.max(...longest)).toBeLessThanOrEqual(40_000);
    expect(Math.min(...longest.slice(1))).toBeGreaterThanOrEqual(20_000);
    expect(new Set(longest).size, 'not all at the most').toBe(50);
  });
});

describe('what ejection leaves in the pool', () => {
  /** Everything that is under way everywhere fails. */
  function failAll(balancer: Balancer, count: number) {
    const leases = ids(count).flatMap((id) => Array.from({ length: 20 }, () => leaseOn(balancer, id)));
    for (const lease of leases) lease.release('failure');
  }

  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
    [10, 5],
  ])('of %i backends ejects at most %i', (count, most) => {
    const { balancer, events } = setUp(count);
    failAll(balancer, count);
    expect(events).toHaveLength(most);
  });

  it.each([
    [0, 0],
    [0.1, 1],
    [0.19, 1],
    [0.3, 3],
    [1, 9],
  ])('with a ratio of %d ejects %i of ten, counted after the ejection', (maxEjectedRatio, most) => {
    const { balancer, events } = setUp(10, { maxEjectedRatio, jitter: 0 });
    failAll(balancer, 10);
    expect(events).toHaveLength(most);
  });

  it('never takes the last one that may serve, whatever keeps the others from it', () => {
    const { balancer, events } = setUp(4);
    balancer.markDown(B);
    void balancer.drain(C);
    balancer.setWeight(D, 0);
    events.length = 0;
    send(balancer, A, 'failure', 50);
    expect(events).toEqual([]);
    balancer.markUp(B);
    send(balancer, A, 'failure');
    expect(typesOf(events)).toEqual([`up ${B}`, `ejected ${A}`]);
  });

  it('ejects what it had to spare as soon as there is room', () => {
    const { env, balancer, events } = setUp(2);
    send(balancer, A, 'failure', 5);
    send(balancer, B, 'failure', 50);
    expect(events).toHaveLength(1);
    env.advance(30_000);
    send(balancer, A, 'success');
    send(balancer, B, 'failure');
    expect(typesOf(events)).toEqual([`ejected ${A}`, `returned ${A}`, `ejected ${B}`]);
  });

  it('counts as health, so that panic ignores it', () => {
    const env = new TestEnv();
    const guards = [outlierEjection({ maxEjectedRatio: 0.5 })];
    const balancer = new Balancer(ids(4), { guards, env, pool: { panicRatio: 0.5 } });
    send(balancer, A, 'failure', 5);
    send(balancer, B, 'failure', 5);
    expect(verdictOf(balancer, A)).toMatch(/^ejected/);
    balancer.markDown(C);
    expect(balancer.stats().panic).toBe(true);
    expect(verdictOf(balancer, A)).toBe('eligible');
    send(balancer, A, 'success');
  });
});

describe('outlier ejection by success rate', () => {
  /** Gives each backend 100 requests, of which so many fail, never in a row. */
  function serve(balancer: Balancer, failures: readonly number[], requests = 100) {
    for (const [i, failed] of failures.entries()) {
      for (let n = 0; n < requests; n++)
        send(balancer, ids(i + 1)[i]!, n % 2 === 0 && n / 2 < failed ? 'failure' : 'success');
    }
  }
  const onlyRates = { consecutiveFailures: Number.POSITIVE_INFINITY, jitter: 0 };

  it('ejects the one that fails clearly more often, when the interval ends', () => {
    const { env, balancer, events } = setUp(5, onlyRates);
    serve(balancer, [1, 0, 0, 0, 40], 101);
    env.advance(9_999);
    balancer.stats();
    expect(events).toEqual([]);
    env.advance(1);
    balancer.stats();
    expect(events).toEqual([{ type: 'ejected', backend: ids(5)[4], reason: 'success rate', forMs: 30_000 }]);
  });

  it('judges by 1.9 population standard deviations', () => {
    // Rates 0 and n - 1 times 1: the low one lies sqrt(n - 1) deviations below the mean, 2 with five, 1.73
    // with four.
    const withFive = setUp(5, onlyRates);
    serve(withFive.balancer, [40, 0, 0, 0, 0], 101);
    withFive.env.advance(10_000);
    withFive.balancer.stats();
    expect(withFive.events).toHaveLength(1);
    const withFour = setUp(4, { ...onlyRates, successRate: { minBackends: 4 } });
    serve(withFour.balancer, [40, 0, 0, 0], 101);
    withFour.env.advance(10_000);
    withFour.balancer.stats();
    expect(withFour.events).toEqual([]);
    const lenient = setUp(5, { ...onlyRates, successRate: { stdevFactor: 2.1 } });
    serve(lenient.balancer, [40, 0, 0, 0, 0], 101);
    lenient.env.advance(10_000);
    lenient.balancer.stats();
    expect(lenient.events).toEqual([]);
  });

  it.each([
    ['four backends', [40, 0, 0, 0], 101],
    ['five, of which one had too few requests', [40, 0, 0, 0, 0], 99],
  ])('does not compare %s', (_, failures, requests) => {
    // By the default factor no backend of four can be an outlier.
    const { env, balancer, events } = setUp(6, { ...onlyRates, successRate: { stdevFactor: 1 } });
    serve(balancer, failures, requests);
    env.advance(10_000);
    balancer.stats();
    expect(events).toEqual([]);
  });

  it.each([100, 99])('wants 100 requests from each: with %i', (requests) => {
    const { env, balancer, events } = setUp(5, onlyRates);
    serve(balancer, [40, 0, 0, 0, 0], requests);
    env.advance(10_000);
    balancer.stats();
    expect(events).toHaveLength(requests === 100 ? 1 : 0);
  });

  it('ejects the worst first, where not all may go', () => {
    const { env, balancer, events } = setUp(7, {
      ...onlyRates,
      successRate: { stdevFactor: 1 },
      maxEjectedRatio: 0.2,
    });
    serve(balancer, [1], 1);
    serve(balancer, [0, 0, 30, 45, 0, 0, 0], 100);
    env.advance(10_000);
    balancer.stats();
    expect(typesOf(events)).toEqual([`ejected ${D}`]);
  });

  it('compares only those that are not ejected', () => {
    const { env, balancer, events } = setUp(7, { consecutiveFailures: 120, jitter: 0 });
    serve(balancer, [20, 0, 0, 0, 0, 0], 101);
    send(balancer, ids(7)[6] as string, 'failure', 120);
    env.advance(10_000);
    balancer.stats();
    expect(typesOf(events)).toEqual([`ejected ${ids(7)[6]}`, `ejected ${A}`]);
  });

  it('compares only what ended in the same interval', () => {
    const { env, balancer, events } = setUp(5, onlyRates);
    serve(balancer, [40, 0, 0, 0], 101);
    env.advance(10_000);
    balancer.stats();
    send(balancer, ids(5)[4] as string, 'failure');
    send(balancer, ids(5)[4] as string, 'success', 150);
    env.advance(10_000);
    balancer.stats();
    expect(events).toEqual([]);
  });

  it('does not add up the requests of two intervals', () => {
    const { env, balancer, events } = setUp(5, onlyRates);
    for (let i = 0; i < 3; i++) {
      serve(balancer, [30, 0, 0, 0, 0], 90);
      env.advance(10_000);
      balancer.stats();
    }
    expect(events).toEqual([]);
  });

  it('does not count what the client cancels', () => {
    const { env, balancer, events } = setUp(5, onlyRates);
    serve(balancer, [40, 0, 0, 0, 0], 98);
    for (const id of ids(5)) send(balancer, id, 'cancelled', 50);
    env.advance(10_000);
    balancer.stats();
    expect(events).toEqual([]);
  });

  it.each([1, 5, 9, 40])('ejects nobody where all fail alike, %i of a hundred', (failed) => {
    const { env, balancer, events } = setUp(7, { ...onlyRates, successRate: { stdevFactor: 0 } });
    serve(balancer, [failed, failed, failed, failed, failed, failed, failed], 103);
    env.advance(10_000);
    balancer.stats();
    expect(events).toEqual([]);
  });

  it('compares nothing while nothing fails, and reads the clock for one request in eight', () => {
    let readings = 0;
    const env = new TestEnv();
    const clock = { now: () => ++readings && env.nowMs };
    const balancer = new Balancer(ids(5), { guards: [outlierEjection()], env: { ...env, clock } });
    for (const id of ids(5)) send(balancer, id, 'success', 200);
    expect(balancer.dueAt).toBe(Number.POSITIVE_INFINITY);
    expect(readings).toBeLessThanOrEqual(1_000 / 8 + 2);
  });

  it('can be turned off', () => {
    const { env, balancer, events } = setUp(5, {
      ...onlyRates,
      successRate: { minBackends: Number.POSITIVE_INFINITY },
    });
    serve(balancer, [40, 0, 0, 0, 0], 101);
    expect(balancer.dueAt).toBe(Number.POSITIVE_INFINITY);
    env.advance(10_000);
    balancer.stats();
    expect(events).toEqual([]);
  });
});

describe('ejection and a changing pool', () => {
  it('knows nothing of a backend that left and came back', () => {
    const { env, balancer, events } = setUp();
    const held = leaseOn(balancer, A);
    send(balancer, A, 'failure', 5);
    balancer.remove(A);
    balancer.add(A);
    events.length = 0;
    expect(verdictOf(balancer, A)).toBe('eligible');
    send(balancer, A, 'failure', 4);
    held.release('failure');
    expect(events, 'the old lease does not count').toEqual([]);
    env.advance(60_000);
    balancer.stats();
    expect(events, 'nor does its ejection end').toEqual([]);
  });

  it('does not take one backend for another in the same slot', () => {
    const { balancer, events } = setUp();
    send(balancer, A, 'failure', 4);
    balancer.remove(A);
    const slot = balancer.add('http://new').slot;
    expect(slot).toBe(0);
    events.length = 0;
    send(balancer, 'http://new', 'failure', 4);
    expect(events).toEqual([]);
  });

  it('takes no part of an ejected backend that left into account', () => {
    const { balancer, events } = setUp(4);
    send(balancer, A, 'failure', 5);
    send(balancer, B, 'failure', 5);
    balancer.remove(A);
    balancer.add('http://new');
    send(balancer, C, 'failure', 5);
    expect(typesOf(events).filter((text) => text.startsWith('ejected'))).toEqual([
      `ejected ${A}`,
      `ejected ${B}`,
      `ejected ${C}`,
    ]);
  });

  it('lets a listener do anything, even take the backend out', () => {
    const { env, balancer } = setUp();
    const types: string[] = [];
    balancer.subscribe((event) => {
      types.push(event.type);
      if (event.type === 'ejected') balancer.remove(event.backend);
      if (event.type === 'returned') balancer.acquire('any')?.release();
    });
    send(balancer, A, 'failure', 5);
    send(balancer, B, 'failure', 4);
    env.advance(60_000);
    balancer.stats();
    expect(types).toEqual(['ejected', 'removed']);
  });
});

it('lets a listener make a decision in the middle of a settling', () => {
  const { env, balancer, events } = setUp(8);
  for (const id of [A, B, C, D]) send(balancer, id, 'failure', 5);
  balancer.subscribe((event) => event.type === 'returned' && balancer.acquire('any')?.release());
  env.advance(30_000);
  balancer.stats();
  expect(typesOf(events).filter((text) => text.startsWith('returned'))).toHaveLength(4);
});

it.each<[OutlierEjectionOptions, string]>([
  [{ consecutiveFailures: 0 }, 'consecutiveFailures must be an integer of at least 1, or Infinity, got 0'],
  [
    { consecutiveFailures: 2.5 },
    'consecutiveFailures must be an integer of at least 1, or Infinity, got 2.5',
  ],
  [{ intervalMs: 0 }, 'intervalMs must be a finite number above 0, got 0'],
  [{ baseMs: Number.NaN }, 'baseMs must be a finite number above 0, got NaN'],
  [{ baseMs: '30000' as never }, 'baseMs must be a finite number above 0, got "30000"'],
  [{ baseMs: 10, maxMs: 9 }, 'maxMs must be a finite number of at least baseMs, got 9'],
  [{ jitter: 1.1 }, 'jitter must be a number from 0 to 1, got 1.1'],
  [{ maxEjectedRatio: -0.1 }, 'maxEjectedRatio must be a number from 0 to 1, got -0.1'],
  [
    { successRate: { stdevFactor: -1 } },
    'successRate.stdevFactor must be a finite number of at least 0, got -1',
  ],
  [
    { successRate: { minBackends: 0 } },
    'successRate.minBackends must be an integer of at least 1, or Infinity, got 0',
  ],
  [
    { successRate: { minRequests: 0.5 } },
    'successRate.minRequests must be an integer of at least 1, got 0.5',
  ],
])('refuses %o', (options, message) => {
  expect(() => outlierEjection(options)).toThrow(new RangeError(`outlierEjection.${message}`));
});
