import { describe, expect, it } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.ts';
import { maxAwaiting } from '../../src/health/max-awaiting.ts';
import { LeaseQueue } from '../../src/traffic/lease-queue.ts';
import { TestEnv } from '../support.ts';
import { ids, leaseOn, verdictOf } from './steering.ts';

const [A] = ids(1) as [string];
const unbounded = { factor: Number.POSITIVE_INFINITY };
const FULL = 'full, 3/3 await a response';

function setUp(limit: number, count = 2, panicRatio = 1) {
  const env = new TestEnv();
  const guards = [maxAwaiting(limit)];
  const balancer = new Balancer(ids(count), { guards, bounds: unbounded, env, pool: { panicRatio } });
  return { balancer, env };
}

describe('maxAwaiting', () => {
  it.each([1, 2, 3, 10])('fills each of %i backends up to the limit, and not one further', (count) => {
    const { balancer } = setUp(5, count);
    for (let i = 0; i < 5 * count; i++) expect(balancer.acquire('the same key')).toBeDefined();
    expect([balancer.acquire('the same key'), balancer.isBusy()]).toEqual([undefined, true]);
    expect(balancer.stats().backends.every(({ inFlight }) => inFlight === 5)).toBe(true);
  });

  it('counts a request until the head of its response has come, and no longer', () => {
    const { balancer } = setUp(3, 1);
    const leases = Array.from({ length: 3 }, () => leaseOn(balancer, A));
    expect(verdictOf(balancer, A)).toBe(FULL);
    leases[0]?.responded(200);
    expect(verdictOf(balancer, A)).toBe('eligible');
    // A stream that runs, and one more that waits.
    leaseOn(balancer, A);
    expect(verdictOf(balancer, A)).toBe(FULL);
    leases[0]?.release();
    expect(verdictOf(balancer, A)).toBe(FULL);
    leases[1]?.release('failure');
    expect(verdictOf(balancer, A)).toBe('eligible');
  });

  it('counts any number of streams as none', () => {
    const { balancer } = setUp(1);
    for (let i = 0; i < 100; i++) balancer.acquire(`${i}`)?.responded(200);
    expect(balancer.stats().inFlight).toBe(100);
    expect(balancer.acquire('one more')).toBeDefined();
  });

  it.each(['success', 'failure', 'cancelled', 'rejected'] as const)(
    'gives a place back that ends as a %s without a response',
    (outcome) => {
      const { balancer } = setUp(3, 1);
      const leases = Array.from({ length: 3 }, () => leaseOn(balancer, A));
      leases[0]?.release(outcome);
      leases[0]?.responded(200);
      leases[0]?.release();
      leaseOn(balancer, A);
      expect(verdictOf(balancer, A)).toBe(FULL);
    },
  );

  it('lets a queued request in as soon as a head has come', async () => {
    const { balancer, env } = setUp(1, 1);
    const queue = new LeaseQueue<string>(balancer, env);
    const stream = leaseOn(balancer, A);
    let served = 0;
    queue.wait({ request: 'waits', options: {}, ended: (lease) => void (lease && served++) });
    await Promise.resolve();
    expect(served).toBe(0);
    stream.responded(200);
    await Promise.resolve();
    expect([served, balancer.stats().inFlight]).toEqual([1, 2]);
  });

  it('makes backends busy, not ill: waiting helps, and panic does not ignore it', () => {
    const { balancer } = setUp(1, 3, 0.5);
    balancer.markDown('http://b1');
    balancer.markDown('http://b2');
    expect(balancer.stats().panic).toBe(true);
    for (let i = 0; i < 3; i++) expect(balancer.acquire('any')).toBeDefined();
    expect(balancer.acquire('any')).toBeUndefined();
    expect(balancer.isBusy()).toBe(true);
  });

  it('holds for a backend that left with requests that wait and came back', () => {
    const { balancer } = setUp(3, 2);
    const leases = Array.from({ length: 3 }, () => leaseOn(balancer, A));
    balancer.remove(A);
    balancer.add(A);
    expect(verdictOf(balancer, A)).toBe(FULL);
    balancer.remove(A);
    leases[0]?.responded(200);
    balancer.add(A);
    leaseOn(balancer, A);
    expect(verdictOf(balancer, A)).toBe(FULL);
  });

  it('begins anew with another backend in the place of one that left', () => {
    const { balancer } = setUp(2, 1);
    for (let i = 0; i < 2; i++) leaseOn(balancer, A).release();
    balancer.remove(A);
    balancer.add('http://other');
    expect([balancer.acquire('1'), balancer.acquire('2'), balancer.acquire('3')]).toEqual([
      expect.anything(),
      expect.anything(),
      undefined,
    ]);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', undefined])('refuses %s', (limit) => {
    expect(() => maxAwaiting(limit as number)).toThrow(RangeError);
    expect(() => maxAwaiting(limit as number)).toThrow('maxAwaiting must be an integer of at least 1, got ');
  });
});
