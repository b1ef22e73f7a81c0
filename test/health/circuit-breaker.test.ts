import { describe, expect, it } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.ts';
import type { CircuitBreakerOptions } from '../../src/health/breaker-options.ts';
import { circuitBreaker } from '../../src/health/circuit-breaker.ts';
import { TestEnv } from '../support.ts';
import { eventsOf, ids, leaseOn, send, typesOf, verdictOf } from './steering.ts';

const [A, B] = ids(2) as [string, string];

function setUp(options: CircuitBreakerOptions = {}, count = 4) {
  const env = new TestEnv();
  const balancer = new Balancer(ids(count), { guards: [circuitBreaker(options)], env });
  return { env, balancer, events: eventsOf(balancer) };
}

/** Opens the breaker of A. */
function trip(balancer: Balancer) {
  send(balancer, A, 'failure', 20);
  expect(verdictOf(balancer, A)).toMatch(/^breaker open/);
}

/** Whether A takes a request; it is held. */
function probe(balancer: Balancer) {
  const lease = balancer.acquire('any', { session: { backend: A } });
  if (lease?.backend.id === A) return lease;
  lease?.release();
  return undefined;
}

describe('a closed breaker', () => {
  it('opens at twenty requests of which all failed, not at nineteen', () => {
    const { balancer, events } = setUp();
    send(balancer, A, 'failure', 19);
    expect(events).toEqual([]);
    send(balancer, A, 'failure');
    expect(events).toEqual([{ type: 'opened', backend: A }]);
  });

  it('opens where half of them failed, not below', () => {
    const { balancer, events } = setUp();
    send(balancer, A, 'success', 100);
    send(balancer, A, 'failure', 99);
    expect(events).toEqual([]);
    send(balancer, A, 'failure');
    expect(typesOf(events)).toEqual([`opened ${A}`]);
  });

  it('counts what ended in the window, and nothing older', () => {
    const { env, balancer, events } = setUp();
    send(balancer, A, 'failure', 19);
    env.advance(10_000);
    send(balancer, A, 'failure', 19);
    expect(events).toEqual([]);
    env.advance(8_999);
    send(balancer, A, 'failure');
    expect(typesOf(events)).toEqual([`opened ${A}`]);
  });

  it('forgets successes as they leave the window, step by step', () => {
    const { env, balancer, events } = setUp();
    for (let i = 0; i < 5; i++) {
      send(balancer, A, 'success', 8);
      env.advance(2_000);
    }
    // The first eight, of second 0, have left; 32 are in the window.
    send(balancer, A, 'failure', 31);
    expect(events).toEqual([]);
    send(balancer, A, 'failure');
    expect(typesOf(events)).toEqual([`opened ${A}`]);
  });

  it('does not count what the client cancels', () => {
    const { balancer, events } = setUp();
    send(balancer, A, 'failure', 19);
    send(balancer, A, 'cancelled', 100);
    expect(events).toEqual([]);
    send(balancer, A, 'failure');
    expect(events).toHaveLength(1);
  });

  it('is one for each backend', () => {
    const { balancer, events } = setUp();
    for (let i = 0; i < 19; i++) for (const id of ids(4)) send(balancer, id, 'failure');
    expect(events).toEqual([]);
  });

  it('reads the clock for every eighth request while nothing fails, and is never due', () => {
    let readings = 0;
    const env = new TestEnv();
    const clock = { now: () => ++readings && env.nowMs };
    const balancer = new Balancer(ids(4), { guards: [circuitBreaker()], env: { ...env, clock } });
    send(balancer, A, 'success', 800);
    expect([readings, balancer.dueAt]).toEqual([100, Number.POSITIVE_INFINITY]);
  });
});

describe('a late response', () => {
  /** A request that is late at A, and ends at another backend if it is retried. */
  function late(balancer: Balancer, elsewhere?: 'success' | 'failure') {
    const first = leaseOn(balancer, A);
    const tried = [first.backend];
    const second = elsewhere && balancer.acquire('any', { tried, after: first });
    first.release('failure', { cause: 'late', isRetried: second !== undefined });
    second?.release(elsewhere, { cause: 'late' });
  }
  const pass = (balancer: Balancer, passed = true) => balancer.checked(A, { passed, beganAt: 0 });

  it('counts as long as nothing is known of the backend, or its checks fail', () => {
    for (const passed of [undefined, false]) {
      const { balancer, events } = setUp();
      if (passed !== undefined) pass(balancer, passed);
      for (let i = 0; i < 20; i++) late(balancer);
      expect(typesOf(events)).toEqual([`opened ${A}`]);
    }
  });

  it.each([undefined, 'failure'] as const)(
    'does not count against a backend that passes its checks: elsewhere %s',
    (elsewhere) => {
      const { balancer, events } = setUp();
      pass(balancer);
      for (let i = 0; i < 100; i++) late(balancer, elsewhere);
      expect(typesOf(events).filter((type) => type.endsWith(A))).toEqual([]);
    },
  );

  it('counts against it if another backend served the request in time', () => {
    const { balancer, events } = setUp();
    pass(balancer);
    for (let i = 0; i < 19; i++) late(balancer, 'success');
    expect(events).toEqual([]);
    late(balancer, 'success');
    expect(typesOf(events)).toEqual([`opened ${A}`]);
  });

  it('is judged by the head of the other response, once, and not after the breaker has opened', () => {
    const { balancer, events } = setUp({ minRequests: 2 });
    pass(balancer);
    const streams = Array.from({ length: 3 }, () => {
      const first = leaseOn(balancer, A);
      const second = balancer.acquire('any', { tried: [first.backend], after: first });
      first.release('failure', { cause: 'late', isRetried: true });
      return second;
    });
    for (const stream of streams) stream?.responded(200);
    expect(typesOf(events)).toEqual([`opened ${A}`]);
    for (const stream of streams) stream?.release();
    expect(typesOf(events)).toEqual([`opened ${A}`]);
  });

  it('opens a half-open breaker again, whatever the checks say', () => {
    const { env, balancer, events } = setUp();
    trip(balancer);
    pass(balancer);
    env.advance(5_000);
    probe(balancer)?.release('failure', { cause: 'late' });
    expect(typesOf(events)).toEqual([`opened ${A}`, `half-open ${A}`, `opened ${A}`]);
  });
});

describe('an open breaker', () => {
  it('keeps everything from its backend, says for how long, and goes half-open on time', () => {
    const { env, balancer, events } = setUp();
    trip(balancer);
    expect(probe(balancer)).toBeUndefined();
    env.advance(1_800);
    expect(verdictOf(balancer, A)).toBe('breaker open for another 3.2 s');
    env.advance(3_199);
    expect(probe(balancer)).toBeUndefined();
    env.advance(1);
    expect(verdictOf(balancer, A)).toBe('eligible');
    expect(typesOf(events)).toEqual([`opened ${A}`, `half-open ${A}`]);
  });

  it('is not ignored in panic, and no reason for it', () => {
    const { balancer } = setUp({}, 2);
    trip(balancer);
    send(balancer, B, 'failure', 20);
    expect(balancer.stats().panic).toBe(false);
    expect(balancer.acquire('any')).toBeUndefined();
    expect(balancer.isBusy(), 'waiting does not help').toBe(false);
    expect(balancer.dueAt).toBe(5_000);
  });

  it('stays open twice as long each time a probe fails, up to the most, and starts over once closed', () => {
    const { env, balancer, events } = setUp();
    trip(balancer);
    const times: number[] = [];
    const openFor = () => {
      const from = env.nowMs;
      env.advance(balancer.dueAt - from);
      return (env.nowMs - from) / 1_000;
    };
    for (let i = 0; i < 6; i++) {
      times.push(openFor());
      probe(balancer)?.release('failure');
    }
    expect(times).toEqual([5, 10, 20, 40, 60, 60]);
    openFor();
    probe(balancer)?.release('success');
    expect(typesOf(events).at(-1)).toBe(`closed ${A}`);
    trip(balancer);
    expect(openFor()).toBe(5);
  });

  it('is untouched by what was under way when it opened', () => {
    const { env, balancer, events } = setUp();
    const old = Array.from({ length: 90 }, () => leaseOn(balancer, A));
    trip(balancer);
    for (const lease of old.splice(0, 30)) lease.release('success');
    expect(verdictOf(balancer, A)).toBe('breaker open for another 5.0 s');
    env.advance(5_000);
    const held = probe(balancer);
    for (const lease of old.splice(0, 30)) lease.release('failure');
    expect(typesOf(events)).toEqual([`opened ${A}`, `half-open ${A}`]);
    expect(verdictOf(balancer, A)).toBe('breaker half-open, probing');
    held?.release('success');
    for (const lease of old) lease.release('failure');
    expect(typesOf(events), 'nor once it is closed').toEqual([
      `opened ${A}`,
      `half-open ${A}`,
      `closed ${A}`,
    ]);
    send(balancer, A, 'failure', 19);
    expect(events).toHaveLength(3);
    send(balancer, A, 'failure');
    expect(events, 'but by what began since').toHaveLength(4);
  });

  it('is untouched by what began between an old lease and the opening', () => {
    const { env, balancer, events } = setUp();
    leaseOn(balancer, A);
    trip(balancer);
    env.advance(5_000);
    probe(balancer)?.release('success');
    const between = Array.from({ length: 30 }, () => leaseOn(balancer, A));
    trip(balancer);
    env.advance(5_000);
    probe(balancer)?.release('success');
    events.length = 0;
    for (const lease of between) lease.release('failure');
    expect(events).toEqual([]);
  });

  it('is untouched by a lease from before the opening before the last', () => {
    const { env, balancer, events } = setUp();
    const old = leaseOn(balancer, A);
    trip(balancer);
    env.advance(5_000);
    probe(balancer)?.release('failure');
    env.advance(10_000);
    old.release('success');
    expect(verdictOf(balancer, A)).toBe('eligible');
    expect(typesOf(events).at(-1)).toBe(`half-open ${A}`);
  });
});

describe('a half-open breaker', () => {
  function halfOpen(options?: CircuitBreakerOptions) {
    const made = setUp(options);
    trip(made.balancer);
    made.env.advance(5_000);
    made.balancer.stats();
    made.events.length = 0;
    return made;
  }

  it('lets one probe through at a time', () => {
    const { balancer } = halfOpen();
    const first = probe(balancer);
    expect(first).toBeDefined();
    expect(probe(balancer)).toBeUndefined();
    expect(verdictOf(balancer, A)).toBe('breaker half-open, probing');
    first?.release('cancelled');
    expect(probe(balancer), 'a cancelled probe makes room').toBeDefined();
    expect(probe(balancer)).toBeUndefined();
  });

  it('closes at a success', () => {
    const { balancer, events } = halfOpen();
    probe(balancer)?.release('success');
    expect(events).toEqual([{ type: 'closed', backend: A }]);
    expect([probe(balancer), probe(balancer)]).not.toContain(undefined);
  });

  it('opens at a failure', () => {
    const { balancer, events } = halfOpen();
    probe(balancer)?.release('failure');
    expect(events).toEqual([{ type: 'opened', backend: A }]);
    expect(verdictOf(balancer, A)).toBe('breaker open for another 10.0 s');
  });

  it('waits for the next probe as long as it takes', () => {
    const { env, balancer, events } = halfOpen();
    probe(balancer)?.release('cancelled');
    env.advance(10 ** 6);
    balancer.stats();
    expect(events).toEqual([]);
    expect(probe(balancer)).toBeDefined();
  });

  it('can want several successes in a row', () => {
    const { env, balancer, events } = halfOpen({ probes: 3 });
    for (const outcome of ['success', 'success', 'cancelled'] as const) probe(balancer)?.release(outcome);
    expect(events).toEqual([]);
    probe(balancer)?.release('failure');
    env.advance(10_000);
    probe(balancer)?.release('success');
    probe(balancer)?.release('success');
    expect(typesOf(events)).toEqual([`opened ${A}`, `half-open ${A}`]);
    probe(balancer)?.release('success');
    expect(typesOf(events).at(-1)).toBe(`closed ${A}`);
  });

  it('takes a probe that lasts and lasts for a stream that works', () => {
    const { env, balancer, events } = halfOpen();
    const tunnel = probe(balancer);
    env.advance(59_999);
    expect(probe(balancer)).toBeUndefined();
    env.advance(1);
    balancer.stats();
    expect(events).toEqual([{ type: 'closed', backend: A }]);
    tunnel?.release('failure');
    send(balancer, A, 'failure', 18);
    expect(events).toHaveLength(1);
  });

  it('asks only the probe at hand, not one that has already counted', () => {
    const { env, balancer, events } = halfOpen({ probes: 2 });
    const tunnel = probe(balancer);
    env.advance(60_000);
    const second = probe(balancer);
    tunnel?.release('failure');
    expect(events).toEqual([]);
    second?.release('success');
    expect(typesOf(events)).toEqual([`closed ${A}`]);
  });
});

describe('breakers and a changing pool', () => {
  it('start closed for a backend that left and came back, and forget its old leases', () => {
    const { env, balancer, events } = setUp();
    const old = Array.from({ length: 30 }, () => leaseOn(balancer, A));
    trip(balancer);
    balancer.remove(A);
    balancer.add(A);
    events.length = 0;
    send(balancer, A, 'success');
    for (const lease of old) lease.release('failure');
    env.advance(60_000);
    balancer.stats();
    expect(events).toEqual([]);
    send(balancer, A, 'failure', 20);
    expect(typesOf(events)).toEqual([`opened ${A}`]);
  });

  it('do not take one backend for another in the same slot', () => {
    const { balancer, events } = setUp();
    send(balancer, A, 'failure', 19);
    balancer.remove(A);
    expect(balancer.add('http://new').slot).toBe(0);
    events.length = 0;
    send(balancer, 'http://new', 'failure', 19);
    expect(events).toEqual([]);
  });

  it('let a listener do anything', () => {
    const { env, balancer } = setUp();
    const types: string[] = [];
    balancer.subscribe((event) => {
      types.push(event.type);
      if (event.type === 'half-open') probe(balancer)?.release('failure');
      if (event.type === 'opened' && types.length > 4) balancer.remove(event.backend);
    });
    trip(balancer);
    env.advance(5_000);
    balancer.stats();
    env.advance(10_000);
    balancer.stats();
    env.advance(60_000);
    balancer.stats();
    expect(types).toEqual(['opened', 'half-open', 'opened', 'half-open', 'opened', 'removed']);
  });
});

it.each<[CircuitBreakerOptions, string]>([
  [{ windowMs: 0 }, 'windowMs must be a finite number above 0, got 0'],
  [{ minRequests: 0 }, 'minRequests must be an integer of at least 1, got 0'],
  [{ failureRatio: 0 }, 'failureRatio must be a number above 0 and up to 1, got 0'],
  [{ failureRatio: 1.01 }, 'failureRatio must be a number above 0 and up to 1, got 1.01'],
  [{ openMs: Number.POSITIVE_INFINITY }, 'openMs must be a finite number above 0, got Infinity'],
  [{ openMs: 10, maxOpenMs: 5 }, 'maxOpenMs must be a finite number of at least openMs, got 5'],
  [{ probes: 1.5 }, 'probes must be an integer of at least 1, got 1.5'],
  [{ probes: null as never }, 'probes must be an integer of at least 1, got null'],
])('refuses %o', (options, message) => {
  expect(() => circuitBreaker(options)).toThrow(new RangeError(`circuitBreaker.${message}`));
});
