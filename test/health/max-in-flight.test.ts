import { describe, expect, it } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.ts';
import type { Lease } from '../../src/balancer/lease.ts';
import { maxInFlight } from '../../src/health/max-in-flight.ts';
import { TestEnv } from '../support.ts';
import { ids, leaseOn, verdictOf } from './steering.ts';

const [A, B] = ids(2) as [string, string];
const unbounded = { factor: Number.POSITIVE_INFINITY };

function setUp(limit: number, count = 2, panicRatio = 1) {
  const guards = [maxInFlight(limit)];
  return new Balancer(ids(count), { guards, bounds: unbounded, env: new TestEnv(), pool: { panicRatio } });
}

describe('maxInFlight', () => {
  it('fills every backend up to the limit, and not one further', () => {
    const balancer = setUp(100);
    for (let i = 0; i < 200; i++) expect(balancer.acquire('the same key')).toBeDefined();
    expect(balancer.acquire('the same key')).toBeUndefined();
    expect(balancer.stats().backends.map(({ inFlight }) => inFlight)).toEqual([100, 100]);
    expect(verdictOf(balancer, A)).toBe('full 100/100');
  });

  it.each(['success', 'failure', 'cancelled'] as const)('gives a place back that ends as a %s', (outcome) => {
    const balancer = setUp(3);
    const leases = Array.from({ length: 3 }, () => leaseOn(balancer, A));
    expect(balancer.acquire('any', { session: { backend: A } })?.backend.id).toBe(B);
    leases[0]?.release(outcome);
    expect(verdictOf(balancer, A)).toBe('eligible');
    leaseOn(balancer, A);
    expect(balancer.acquire('any', { session: { backend: A } })?.backend.id).toBe(B);
  });

  it('makes a backend busy, not ill: waiting helps, and there is no panic', () => {
    const balancer = setUp(1, 10);
    for (const id of ids(10).slice(0, 3)) balancer.markDown(id);
    for (let i = 0; i < 7; i++) expect(balancer.acquire('any')).toBeDefined();
    expect(balancer.acquire('any')).toBeUndefined();
    expect([balancer.isBusy(), balancer.stats().panic]).toEqual([true, false]);
  });

  it('is not ignored in panic', () => {
    const balancer = setUp(1, 3, 0.5);
    balancer.markDown(A);
    balancer.markDown(B);
    expect(balancer.stats().panic).toBe(true);
    for (let i = 0; i < 3; i++) expect(balancer.acquire('any')).toBeDefined();
    expect(balancer.acquire('any')).toBeUndefined();
  });

  it('holds for a backend that left with requests in flight and came back', () => {
    const balancer = setUp(3);
    const leases = Array.from({ length: 3 }, () => leaseOn(balancer, A));
    balancer.remove(A);
    balancer.add(A);
    expect(verdictOf(balancer, A)).toBe('full 3/3');
    leases.pop()?.release();
    leaseOn(balancer, A);
    expect(verdictOf(balancer, A)).toBe('full 3/3');
  });

  it('frees a backend whose leases ended while it was away', () => {
    const balancer = setUp(3);
    const leases = Array.from({ length: 3 }, () => leaseOn(balancer, A));
    balancer.remove(A);
    for (const lease of leases.splice(0, 2)) lease.release();
    balancer.add(A);
    leaseOn(balancer, A);
    leaseOn(balancer, A);
    expect(verdictOf(balancer, A)).toBe('full 3/3');
    leases[0]?.release();
    expect(verdictOf(balancer, A)).toBe('eligible');
  });

  it('reads the clock for changes of the pool alone', () => {
    let readings = 0;
    const clock = { now: () => ++readings };
    const balancer = new Balancer(ids(2), { guards: [maxInFlight(1)], env: { clock } });
    const leases: (Lease | undefined)[] = [];
    for (let i = 0; i < 100; i++) {
      leases.push(balancer.acquire('a'));
      if (leases.length > 2) leases.shift()?.release();
    }
    expect([readings, balancer.dueAt]).toEqual([1, Number.POSITIVE_INFINITY]);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', undefined])('refuses %s', (limit) => {
    expect(() => maxInFlight(limit as number)).toThrow(RangeError);
    expect(() => maxInFlight(limit as number)).toThrow('maxInFlight must be an integer of at least 1, got ');
  });
});
