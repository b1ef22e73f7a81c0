// Requests that cannot be sent as they are tell nothing about backends: no guard, strategy or counter of
// failures may react to them.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  Balancer,
  type BalancerEvent,
  circuitBreaker,
  type Lease,
  type Outcome,
  outlierEjection,
  slowStart,
  strategies,
} from '../../src/index.ts';
import { TestEnv } from '../support.ts';

const pool = ['http://a', 'http://b', 'http://c', 'http://d'];
const names = Object.keys(strategies) as (keyof typeof strategies)[];
const step = fc.record({
  op: fc.constantFrom('acquire', 'acquire', 'reject', 'reject', 'succeed', 'cancel', 'wait'),
  which: fc.nat(1_000),
});
const STRICT = [
  outlierEjection({ consecutiveFailures: 1, maxEjectedRatio: 1 }),
  circuitBreaker({ minRequests: 1, failureRatio: 0.01 }),
  slowStart(),
];
const OUTCOMES: Record<string, Outcome> = { reject: 'rejected', succeed: 'success', cancel: 'cancelled' };

it('random histories with rejected requests eject no backend and open no circuit', () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.array(step, { maxLength: 300 }), (strategy, steps) => {
      const env = new TestEnv();
      const balancer = new Balancer<string>(pool, { key: (key) => key, strategy, guards: STRICT, env });
      const events: BalancerEvent[] = [];
      balancer.subscribe((event) => events.push(event));
      const leases: Lease[] = [];
      let rejected = 0;
      for (const { op, which } of steps) {
        const outcome = OUTCOMES[op];
        if (op === 'acquire') leases.push(balancer.acquire(`/${which}`) as Lease);
        else if (outcome === undefined) env.advance(which);
        else {
          const [lease] = leases.splice(which % Math.max(1, leases.length), 1);
          if (lease !== undefined && outcome === 'rejected') rejected++;
          lease?.release(outcome);
        }
      }
      expect(events).toEqual([]);
      const { backends, inFlight } = balancer.stats();
      expect(inFlight).toBe(leases.length);
      expect(backends.every(({ state, failures }) => state === 'up' && failures === 0)).toBe(true);
      expect(backends.reduce((sum, one) => sum + one.rejected, 0)).toBe(rejected);
    }),
    { numRuns: 100 },
  );
});

it('a rejected probe of a half-open circuit gives its place back, and neither closes nor opens it', () => {
  const env = new TestEnv();
  const guards = [circuitBreaker({ minRequests: 1, openMs: 1_000, probes: 1 })];
  const balancer = new Balancer<string>(['http://a'], { key: (key) => key, guards, env });
  balancer.acquire('x')?.release('failure');
  env.advance(1_000);
  for (let i = 0; i < 5; i++) {
    const probe = balancer.acquire('x');
    expect([probe === undefined, balancer.acquire('x')]).toEqual([false, undefined]);
    probe?.release('rejected');
  }
  balancer.acquire('x')?.release('success');
  expect([balancer.acquire('x'), balancer.acquire('x')].every(Boolean)).toBe(true);
});
