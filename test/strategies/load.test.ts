import { describe, expect, it } from 'vitest';
import {
  Balancer,
  type Lease,
  leastConnections,
  leastWorkload,
  peakEwma,
  powerOfTwo,
} from '../../src/index.ts';
import { TestEnv, tally } from '../support.ts';

const FOUR = ['http://a', 'http://b', 'http://c', 'http://d'];
const take = (balancer: Balancer): Lease => balancer.acquire('any') as Lease;

describe('least connections', () => {
  it('goes where the fewest requests are in flight', () => {
    const balancer = new Balancer(FOUR, { strategy: leastConnections() });
    const leases = Array.from({ length: 8 }, () => take(balancer));
    expect(balancer.stats().backends.map(({ inFlight }) => inFlight)).toEqual([2, 2, 2, 2]);
    leases.find(({ backend }) => backend.id === 'http://c')?.release();
    expect(take(balancer).backend.id).toBe('http://c');
  });

  it('counts requests against the weight', () => {
    const balancer = new Balancer([{ url: 'http://a', weight: 3 }, 'http://b'], {
      strategy: 'least-connections',
    });
    for (let i = 0; i < 40; i++) take(balancer);
    expect(balancer.stats().backends.map(({ inFlight }) => inFlight)).toEqual([30, 10]);
  });

  it('takes turns where all are idle, and does not flood one that was away', () => {
    const balancer = new Balancer([...FOUR], { strategy: 'least-connections' });
    balancer.markDown('http://d');
    const count = (requests: number) => {
      const counts: Record<string, number> = {};
      for (let i = 0; i < requests; i++) {
        const lease = take(balancer);
        tally(counts, lease.backend.id);
        lease.release();
      }
      return counts;
    };
    expect(count(30)).toEqual({ 'http://a': 10, 'http://b': 10, 'http://c': 10 });
    balancer.markUp('http://d');
    expect(count(40)['http://d']).toBeLessThanOrEqual(11);
  });
});

describe('power of two', () => {
  it('keeps the most loaded close to the mean', () => {
    const balancer = new Balancer(
      Array.from({ length: 50 }, (_, i) => `http://b${i}`),
      { strategy: powerOfTwo(), env: new TestEnv() },
    );
    for (let i = 0; i < 5_000; i++) take(balancer);
    expect(Math.max(...balancer.stats().backends.map(({ inFlight }) => inFlight))).toBeLessThan(110);
  });
});

describe('peak EWMA', () => {
  /** Serves requests one after the other; each takes as long as its backend takes now. */
  function serve(
    balancer: Balancer,
    env: TestEnv,
    latencies: Record<string, number>,
    requests: number,
    failing?: string,
  ) {
    const counts: Record<string, number> = {};
    for (let i = 0; i < requests; i++) {
      const lease = take(balancer);
      tally(counts, lease.backend.id);
      env.nowMs += latencies[lease.backend.id] as number;
      lease.release(lease.backend.id === failing ? 'failure' : 'success');
    }
    return counts;
  }

  it('avoids a slow backend and comes back when it is fast again', () => {
    const env = new TestEnv();
    const balancer = new Balancer(FOUR, { strategy: peakEwma(), env });
    const fast = { 'http://a': 5, 'http://b': 5, 'http://c': 5, 'http://d': 5 };
    const slow = { ...fast, 'http://d': 200 };
    expect(serve(balancer, env, slow, 1_000)['http://d'] ?? 0).toBeLessThan(30);
    serve(balancer, env, fast, 10_000);
    expect(serve(balancer, env, fast, 1_000)['http://d']).toBeGreaterThan(150);
  });

  it('is not drawn to fast failures', () => {
    const env = new TestEnv();
    const balancer = new Balancer(FOUR, { strategy: 'peak-ewma', env });
    const latencies = { 'http://a': 20, 'http://b': 20, 'http://c': 20, 'http://d': 1 };
    expect(serve(balancer, env, latencies, 1_000, 'http://d')['http://d'] ?? 0).toBeLessThan(50);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a time constant of %d', (decayMs) => {
    expect(() => peakEwma({ decayMs })).toThrow(`decayMs must be a finite number above 0, got ${decayMs}`);
  });
});

describe('least workload', () => {
  it('forgets a report after its time, and counts who has none as the mean', () => {
    const env = new TestEnv();
    const balancer = new Balancer(FOUR, { strategy: leastWorkload({ expiryMs: 1_000 }), env });
    balancer.report('http://a', { cpu: 0.2 });
    balancer.report('http://b', { cpu: 0.9 });
    expect(take(balancer).backend.id).toBe('http://a');
    env.nowMs += 1_001;
    balancer.report('http://b', { cpu: 0.1 });
    expect(take(balancer).backend.id).toBe('http://b');
  });

  it('spreads out as requests pile up between reports', () => {
    const balancer = new Balancer(FOUR, { strategy: 'least-workload', env: new TestEnv() });
    for (const [i, id] of FOUR.entries()) balancer.report(id, { cpu: 0.2 * (i + 1) });
    for (let i = 0; i < 50; i++) take(balancer);
    const inFlight = balancer.stats().backends.map((backend) => backend.inFlight);
    expect(inFlight).toEqual([...inFlight].sort((a, b) => b - a));
    expect(Math.min(...inFlight)).toBeGreaterThan(0);
  });

  it('refuses an expiry of 0', () => {
    expect(() => leastWorkload({ expiryMs: 0 })).toThrow('expiryMs must be a positive number, got 0');
  });
});
