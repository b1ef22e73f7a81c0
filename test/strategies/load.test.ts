import { describe, expect, it } from 'vitest';
import {
  type Backend,
  Balancer,
  type Lease,
  leastConnections,
  leastTime,
  leastWorkload,
  peakEwma,
  powerOfTwo,
  type StrategyName,
  strategies,
} from '../../src/index.ts';
import { aBackend, TestEnv, tally } from '../support.ts';

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

  it.each(['least-connections', 'least-time'] as const)(
    'gives the next turn of an idle pool to the backend that has been idle for the longest time: %s',
    (strategy) => {
      const balancer = new Balancer(['http://a', 'http://b', 'http://c'], { strategy, env: new TestEnv() });
      const [first, second, third] = [take(balancer), take(balancer), take(balancer)];
      // The first backend is the slow one: it got no more requests than the others, but it ends last.
      second.release();
      third.release();
      first.release();
      expect([take(balancer), take(balancer), take(balancer)].map(({ backend }) => backend.id)).toEqual(
        [second, third, first].map(({ backend }) => backend.id),
      );
    },
  );

  it.each(['least-connections', 'round-robin', 'least-workload', 'least-time'] as const)(
    'a weight that is raised counts at once, without a debt from before: %s',
    (strategy) => {
      const pool = [{ url: 'http://a', weight: 0.001 }, 'http://b', 'http://c'];
      const balancer = new Balancer(pool, { strategy, env: new TestEnv() });
      for (let i = 0; i < 5_000; i++) take(balancer).release();
      balancer.setWeight('http://a', 1);
      const counts: Record<string, number> = {};
      for (let i = 0; i < 30; i++) {
        const lease = take(balancer);
        tally(counts, lease.backend.id);
        lease.release();
      }
      expect(Math.abs((counts['http://a'] ?? 0) - 10)).toBeLessThanOrEqual(1);
    },
  );
});

describe('many young balancers', () => {
  const unkeyed = (Object.keys(strategies) as StrategyName[]).filter(
    (name) => !('home' in strategies[name].factory(new TestEnv())),
  );

  it.each(unkeyed)('spread their first requests: %s', (strategy) => {
    const counts: Record<string, number> = {};
    const pool = Array.from({ length: 10 }, (_, i) => `http://b${i}`);
    for (let seed = 0; seed < 500; seed++)
      tally(counts, take(new Balancer(pool, { strategy, env: new TestEnv(seed * 7_919) })).backend.id);
    expect(Math.max(...Object.values(counts)) / 50).toBeLessThanOrEqual(1.6);
  });

  it.each(unkeyed)('spread their first requests by weight: %s', (strategy) => {
    const counts: Record<string, number> = {};
    const pool = [{ url: 'http://a', weight: 3 }, 'http://b'];
    for (let seed = 0; seed < 500; seed++)
      tally(counts, take(new Balancer(pool, { strategy, env: new TestEnv(seed * 7_919) })).backend.id);
    expect((counts['http://a'] ?? 0) / 500).toBeGreaterThan(0.5);
    expect((counts['http://b'] ?? 0) / 500).toBeGreaterThan(0.1);
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
  const sharesOf = (balancer: Balancer, requests: number) => {
    const counts: Record<string, number> = {};
    for (let i = 0; i < requests; i++) {
      const lease = take(balancer);
      tally(counts, lease.backend.id);
      lease.release();
    }
    return FOUR.map((id) => (counts[id] ?? 0) / requests);
  };

  it('shares by inverse workload; a backend without a report counts as the mean', () => {
    const balancer = new Balancer(FOUR, { strategy: 'least-workload', env: new TestEnv() });
    balancer.report('http://a', { cpu: 0.2 });
    balancer.report('http://b', { cpu: 0.8 });
    sharesOf(balancer, 100);
    // 1/0.2, 1/0.8, and their mean twice.
    const [a, b, c, d] = sharesOf(balancer, 1_000) as [number, number, number, number];
    expect(a / b).toBeCloseTo(4, 0);
    expect(c / d).toBeCloseTo(1, 1);
    expect(c / b).toBeCloseTo(2.5, 0);
  });

  it('forgets a report after its time', () => {
    const env = new TestEnv();
    const balancer = new Balancer(FOUR, { strategy: leastWorkload({ expiryMs: 1_000 }), env });
    balancer.report('http://a', { cpu: 0.9 });
    balancer.report('http://b', { cpu: 0.1 });
    expect(sharesOf(balancer, 400)[1]).toBeGreaterThan(0.4);
    env.nowMs += 1_001;
    sharesOf(balancer, 100);
    for (const share of sharesOf(balancer, 400)) expect(share).toBeCloseTo(0.25, 1);
  });

  it('settles where use follows the requests, instead of swinging from report to report', () => {
    const env = new TestEnv();
    const balancer = new Balancer(FOUR, { strategy: 'least-workload', env });
    const capacity = [1, 1, 1, 2];
    let last: number[] = [];
    for (let round = 0; round < 12; round++) {
      last = sharesOf(balancer, 600);
      env.nowMs += 10_000;
      for (const [i, id] of FOUR.entries())
        balancer.report(id, { cpu: Math.min(1, (last[i] as number) / (capacity[i] as number)) });
    }
    const next = sharesOf(balancer, 600);
    for (const [i, share] of next.entries()) {
      expect(Math.abs(share - (last[i] as number))).toBeLessThan(0.03);
      expect(share).toBeGreaterThan(0.15);
    }
    expect(next[3] as number).toBeGreaterThan(1.2 * (next[0] as number));
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

describe('least time', () => {
  /** Serves requests one after the other; each takes as long as its backend takes. */
  function serve(balancer: Balancer, env: TestEnv, latencies: Record<string, number>, requests: number) {
    const counts: Record<string, number> = {};
    for (let i = 0; i < requests; i++) {
      const lease = take(balancer);
      tally(counts, lease.backend.id);
      env.nowMs += latencies[lease.backend.id] ?? 5;
      lease.release(latencies[lease.backend.id] === 0 ? 'failure' : 'success');
    }
    return counts;
  }

  it('avoids a slow backend, and tries it again after ten time constants', () => {
    const env = new TestEnv();
    const balancer = new Balancer(FOUR, { strategy: 'least-time', env });
    expect(serve(balancer, env, { 'http://d': 200 }, 1_000)['http://d'] ?? 0).toBeLessThan(5);
    env.nowMs += 10_001;
    expect(serve(balancer, env, {}, 1_000)['http://d'] ?? 0).toBeGreaterThan(200);
  });

  it('weighs speed against requests in flight', () => {
    const env = new TestEnv();
    const balancer = new Balancer(['http://a', 'http://b'], { strategy: leastTime(), env });
    serve(balancer, env, { 'http://a': 10, 'http://b': 40 }, 20);
    for (let i = 0; i < 10; i++) take(balancer);
    const [a, b] = balancer.stats().backends.map(({ inFlight }) => inFlight) as [number, number];
    expect(a).toBe(8);
    expect(b).toBe(2);
  });

  it('is not drawn to fast failures', () => {
    const env = new TestEnv();
    const balancer = new Balancer(FOUR, { strategy: 'least-time', env });
    expect(serve(balancer, env, { 'http://d': 0 }, 1_000)['http://d'] ?? 0).toBeLessThan(50);
  });

  it('compares eight random backends in large pools, and finds the only eligible one', () => {
    const env = new TestEnv();
    const pool = Array.from({ length: 200 }, (_, i) => `http://b${i}`);
    const balancer = new Balancer(pool, { strategy: 'least-time', env });
    const slow = Object.fromEntries(pool.slice(0, 50).map((id) => [id, 100]));
    const counts = serve(balancer, env, slow, 4_000);
    expect(pool.slice(0, 50).reduce((sum, id) => sum + (counts[id] ?? 0), 0)).toBeLessThan(400);
    for (const id of pool) if (id !== 'http://b7') void balancer.drain(id);
    expect(take(balancer).backend.id).toBe('http://b7');
  });

  it.each([0, -1, Number.NaN])('refuses a time constant of %d', (decayMs) => {
    expect(() => leastTime({ decayMs })).toThrow(
      `leastTime.decayMs must be a finite number above 0, got ${decayMs}`,
    );
  });
});

describe.each(['peak-ewma', 'least-time'] as const)('a backend without a measurement, under %s', (name) => {
  /** A strategy that has measured 400 ms for `a` and 1,600 ms for `c`, and nothing for `b`. */
  function measured() {
    const env = new TestEnv();
    const strategy = strategies[name].factory(env);
    const load = { a: 0, b: 0, c: 0, d: 0 };
    const [a, b, c, d] = (['a', 'b', 'c', 'd'] as const).map((id, slot): Backend => {
      return Object.defineProperty(aBackend(id, slot), 'inFlight', { get: () => load[id] });
    }) as [Backend, Backend, Backend, Backend];
    strategy.update([a, b, c]);
    strategy.finished?.({ backend: a, startedAt: env.nowMs - 400 }, 'success');
    strategy.finished?.({ backend: c, startedAt: env.nowMs - 1_600 }, 'success');
    const chosen = (...among: Backend[]) => strategy.pick(0, (backend) => among.includes(backend))?.id;
    return { env, strategy, load, a, b, c, d, chosen };
  }

  it('counts with the mean of the others', () => {
    const { load, a, b, c, chosen } = measured();
    expect(chosen(a, b)).toBe('a');
    expect(chosen(b, c)).toBe('b');
    // Twice 400 ms are less than the mean of 1,000 ms, three times are more.
    load.a = 1;
    expect(chosen(a, b)).toBe('a');
    load.a = 2;
    expect(chosen(a, b)).toBe('b');
  });

  it('counts with the mean of those that are left after a change of the pool', () => {
    const { strategy, load, a, b, c, d, chosen } = measured();
    strategy.update([a, b, c, d]);
    load.a = 1;
    expect(chosen(a, d)).toBe('a');
    // Without `c` the mean is 400 ms.
    strategy.update([a, b]);
    expect(chosen(a, b)).toBe('b');
    load.b = 2;
    expect(chosen(a, b)).toBe('a');
  });

  it('counts with the mean of the others after the clock was set back, too', () => {
    const { strategy, env, a, b, chosen } = measured();
    env.nowMs -= 60_000;
    expect(chosen(a, b)).toBe('a');
    strategy.finished?.({ backend: a, startedAt: env.nowMs - 300 }, 'success');
    expect(chosen(a, b)).toBe('a');
  });

  it('has no part in the measurement of the backend whose slot it got', () => {
    const { strategy, load, b, chosen } = measured();
    const next = aBackend('e', 2);
    strategy.update([b, next]);
    load.b = 1;
    expect(chosen(b, next)).toBe('e');
  });
});
