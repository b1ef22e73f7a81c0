import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.ts';
import type { GuardFactory } from '../../src/balancer/guard.ts';
import { BackendStates } from '../../src/health/backend-states.ts';
import { circuitBreaker } from '../../src/health/circuit-breaker.ts';
import { maxInFlight } from '../../src/health/max-in-flight.ts';
import { outlierEjection } from '../../src/health/outlier-ejection.ts';
import { slowStart } from '../../src/health/slow-start.ts';
import type { Backend } from '../../src/strategies/strategy.ts';
import { TestEnv } from '../support.ts';
import { ids, leaseOn } from './steering.ts';

function setUp() {
  const left: string[] = [];
  const held: { states?: BackendStates<{ backend: Backend }> } = {};
  const guard: GuardFactory = (control) => {
    held.states = new BackendStates(
      control,
      (backend) => ({ backend }),
      ({ backend }) => left.push(backend.id),
    );
    return { isHealth: false, dueAt: Number.POSITIVE_INFINITY, verdict: () => '' };
  };
  const balancer = new Balancer(ids(3), { guards: [guard] });
  return { balancer, left, states: held.states as BackendStates<{ backend: Backend }> };
}

it('keeps one state for each backend', () => {
  const { balancer, states } = setUp();
  const [a, b] = balancer.backends as [Backend, Backend];
  expect(states.of(a)).toBeUndefined();
  const state = states.ensure(a);
  expect([states.ensure(a), states.of(a), states.of(b)]).toEqual([state, state, undefined]);
  expect([...states]).toEqual([state]);
});

it('drops it when the backend leaves, and tells', () => {
  const { balancer, left, states } = setUp();
  const [a, b] = balancer.backends as [Backend, Backend];
  states.ensure(a);
  balancer.remove(b.id);
  expect(left).toEqual([]);
  balancer.remove(a.id);
  expect([left, [...states]]).toEqual([[a.id], []]);
});

it('finds nothing of the backend that had the slot before', () => {
  const { balancer, states } = setUp();
  const a = balancer.backends[0] as Backend;
  balancer.remove(a.id);
  const next = balancer.add('http://next');
  expect(next.slot).toBe(a.slot);
  const state = states.ensure(next);
  expect([states.of(a), states.of(next)]).toEqual([undefined, state]);
});

it('all guards together hold on to nothing of backends that have left', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const env = new TestEnv();
  const guards = [outlierEjection(), circuitBreaker({ minRequests: 2 }), slowStart(), maxInFlight(3)];
  const balancer = new Balancer(ids(4), { guards, env });
  const gone: WeakRef<Backend>[] = [];
  const churn = (round: number) => {
    const id = `http://new${round}`;
    gone.push(new WeakRef(balancer.add(id)));
    const leases = Array.from({ length: 3 }, () => leaseOn(balancer, id));
    env.advance(10);
    for (const lease of leases) lease.release('failure');
    balancer.acquire('any')?.release();
    balancer.remove(id);
  };
  for (let round = 0; round < 100; round++) churn(round);
  balancer.acquire('any')?.release();
  // Weak references hold until the turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(gone.filter((one) => one.deref() !== undefined).length).toBeLessThanOrEqual(1);
});
