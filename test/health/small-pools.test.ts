// Every guard, and everything else that keeps requests from backends or lets them wait, in pools of one, two
// and three backends: shares and majorities mean little there.
import { describe, expect, it } from 'vitest';
import {
  Balancer,
  type BalancerOptions,
  circuitBreaker,
  type GuardFactory,
  HealthChecker,
  maxAwaiting,
  maxInFlight,
  outlierEjection,
  slowStart,
} from '../../src/index.ts';
import { engine } from '../../src/simulator/engine-caller.ts';
import { simulate, urlOf } from '../../src/simulator/simulation.ts';
import { LeaseQueue } from '../../src/traffic/lease-queue.ts';
import { TestEnv } from '../support.ts';
import { ids } from './steering.ts';

function setUp(count: number, options: BalancerOptions<string> = {}) {
  const env = new TestEnv();
  const balancer = new Balancer<string>(ids(count), { strategy: 'round-robin', env, ...options });
  const guarded = (id: string) => balancer.stats().backends.find((backend) => backend.id === id);
  return { env, balancer, guarded };
}

/** How many of 60 requests, one after the other, each backend gets; each ends as it is said. */
function shares(balancer: Balancer<string>, count: number, ends = (_: string) => true): number[] {
  const got = new Map(ids(count).map((id) => [id, 0]));
  for (let i = 0; i < 60; i++) {
    const lease = balancer.acquire(`${i}`);
    if (lease === undefined) continue;
    const { id } = lease.backend;
    got.set(id, (got.get(id) ?? 0) + 1);
    lease.release(ends(id) ? 'success' : 'failure');
  }
  return [...got.values()];
}

const barred = (balancer: Balancer<string>) =>
  balancer.stats().backends.filter(({ state }) => state === 'barred').length;

describe.each([1, 2, 3])('a pool of %i', (count) => {
  const [first, ...others] = ids(count) as [string, ...string[]];

  it('loses at most half of its backends to ejection, never the last', () => {
    const { balancer } = setUp(count, { guards: [outlierEjection()] });
    expect(shares(balancer, count, () => false).reduce((sum, one) => sum + one)).toBe(60);
    expect(barred(balancer)).toBe(Math.floor(count / 2));
  });

  it('sends nothing to the one that is ejected, if there is another one', () => {
    const { balancer } = setUp(count, { guards: [outlierEjection()] });
    shares(balancer, count, (id) => id !== first);
    const [sent] = shares(balancer, count, (id) => id !== first);
    expect(sent).toBe(count === 1 ? 60 : 0);
  });

  it('has no backend for a request if every breaker is open, and one probe each when they are half-open', () => {
    const { env, balancer } = setUp(count, { guards: [circuitBreaker({ minRequests: 5 })] });
    shares(balancer, count, () => false);
    expect(barred(balancer)).toBe(count);
    expect([balancer.acquire('x'), balancer.isBusy()]).toEqual([undefined, false]);
    env.advance(5_000);
    const probes = Array.from({ length: count }, (_, i) => balancer.acquire(`${i}`));
    expect(new Set(probes.map((lease) => lease?.backend.id)).size).toBe(count);
    expect(balancer.acquire('x')).toBeUndefined();
    for (const probe of probes) probe?.release();
    expect(barred(balancer)).toBe(0);
  });

  it('sends all to the others while one breaker is open', () => {
    const { balancer } = setUp(count, { guards: [circuitBreaker({ minRequests: 5 })] });
    shares(balancer, count, (id) => id !== first);
    const [sent, ...rest] = shares(balancer, count);
    expect([sent, rest.reduce((sum, one) => sum + one, 0)]).toEqual([0, count === 1 ? 0 : 60]);
  });

  it.each<[string, GuardFactory]>([
    ['maxInFlight', maxInFlight(2)],
    ['maxAwaiting', maxAwaiting(2)],
  ])('is full at the limit times its size: %s', (_, guard) => {
    const { balancer } = setUp(count, { guards: [guard] });
    const leases = Array.from({ length: 2 * count }, () => balancer.acquire('x'));
    expect(leases.every((lease) => lease !== undefined)).toBe(true);
    expect([balancer.acquire('x'), balancer.isBusy()]).toEqual([undefined, true]);
    // Nobody is ill: there is nothing to try.
    expect(balancer.acquire('x', { repeatable: true })).toBeUndefined();
    leases[0]?.release();
    expect(balancer.acquire('x')?.backend.id).toBe(leases[0]?.backend.id);
  });

  it.each<[string, GuardFactory]>([
    ['maxInFlight', maxInFlight(1)],
    ['maxAwaiting', maxAwaiting(1)],
  ])('tries one that is down if all others are full, with a request that may be repeated: %s', (_, guard) => {
    const { balancer } = setUp(count, { guards: [guard] });
    balancer.markDown(first);
    for (const other of others) expect(balancer.acquire(other)).toBeDefined();
    // The only backend is asked, whatever is known against it.
    expect(balancer.acquire('x')?.backend.id).toBe(count === 1 ? first : undefined);
    if (count === 1) return;
    const trial = balancer.acquire('x', { repeatable: true });
    expect([trial?.backend.id, trial?.isTrial]).toEqual([first, true]);
  });

  it('starts a new backend slowly if another one carries the load', () => {
    const { balancer, guarded } = setUp(count, { guards: [slowStart()] });
    balancer.stats();
    balancer.add('http://new');
    expect(guarded('http://new')?.currentWeight).toBe(0.1);
    // It gets its share of the small weight, and all once the others have left.
    for (const id of ids(count)) balancer.remove(id);
    expect(balancer.acquire('x')?.backend.id).toBe('http://new');
  });

  it('starts none slowly if all are replaced', () => {
    const pool = ids(count);
    const balancer = new Balancer<string>(pool, { guards: [slowStart()], env: new TestEnv() });
    balancer.stats();
    pool.splice(0, count, ...pool.map((id) => `${id}-new`));
    expect(balancer.stats().backends.map(({ currentWeight }) => currentWeight)).toEqual(Array(count).fill(1));
  });

  it('serves by what is left as checks take out one backend after the other, and by all if all are out', async () => {
    const { env, balancer } = setUp(count);
    const dead = new Set<string>();
    const service = {
      sendRequest: (url: string) =>
        dead.has(new URL(url).origin)
          ? Promise.reject(new Error('refused'))
          : Promise.resolve({ status: 200, data: '' }),
    };
    const checker = new HealthChecker(balancer as Balancer<unknown>, service, { env, intervalMs: 1_000 });
    const checks = async () => {
      for (let i = 0; i < 60; i++) {
        env.advance(100);
        for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      }
    };
    await checks();
    for (const [i, id] of ids(count).entries()) {
      dead.add(id);
      await checks();
      const wellLeft = count - i - 1;
      const got = shares(balancer, count);
      expect(got.filter((sent) => sent > 0)).toHaveLength(wellLeft === 0 ? count : wellLeft);
      expect(got.reduce((sum, one) => sum + one)).toBe(60);
    }
    dead.delete(first);
    await checks();
    expect(shares(balancer, count)[0]).toBe(60);
    checker.close();
  });

  it('shares by the workload that is reported; one without a report counts with the mean', () => {
    const { balancer } = setUp(count, { strategy: 'least-workload' });
    expect(shares(balancer, count)).toEqual(Array(count).fill(60 / count));
    balancer.report(first, { cpu: 0.9 });
    expect(shares(balancer, count)).toEqual(Array(count).fill(60 / count));
    for (const other of others) balancer.report(other, { cpu: 0.1 });
    const [busy = 0] = shares(balancer, count);
    // 1 / 0.9 of 1 / 0.9 + (n - 1) / 0.1.
    expect(busy).toBeCloseTo(60 / (1 + 9 * (count - 1)), -0.5);
  });

  it('retries as far as there is another backend, within the floor of the budget', () => {
    const run = (failover?: object) =>
      simulate({
        seed: 1,
        servers: Array.from({ length: count }, () => ({ concurrency: 8 })),
        caller: engine({
          balancer: { strategy: 'round-robin' },
          ...(failover && { failover }),
          built: (_, { servers }) => Object.assign(servers.get(urlOf(0)) ?? {}, { conduct: 503 }),
        }),
        rate: 0.01,
        untilMs: 30_000,
      }).errorRatio;
    const without = run();
    expect(without).toBeCloseTo(1 / count, 1);
    expect(run({ budget: { ratio: 0, floor: 0 } })).toBeCloseTo(without, 1);
    // Three at a time are enough for 10 requests a second.
    expect(run({})).toBe(count === 1 ? 1 : 0);
  });

  it('queues its limit for each backend, and serves in order', async () => {
    const { env, balancer } = setUp(count, { guards: [maxInFlight(1)] });
    const queue = new LeaseQueue<string>(balancer, { ...env, limit: 2 });
    const held = ids(count).map(() => balancer.acquire('x'));
    const served: string[] = [];
    const waits = Array.from({ length: 2 * count + 1 }, (_, i) =>
      queue.wait({
        request: `${i}`,
        options: {},
        ended: (lease) => {
          served.push(`${i}`);
          lease?.release();
        },
      }),
    );
    expect(waits.map((leave) => leave !== undefined)).toEqual([...Array(2 * count).fill(true), false]);
    held[0]?.release();
    for (let i = 0; i < 10 * count; i++) await Promise.resolve();
    expect(served).toEqual(Array.from({ length: 2 * count }, (_, i) => `${i}`));
    expect(env.pendingTimers).toBe(0);
  });

  it('is left by a session only for a better backend', () => {
    const { balancer } = setUp(count);
    const ask = () => balancer.acquire('x', { session: { backend: first } })?.backend.id;
    balancer.markDown(first);
    expect(ask() === first).toBe(count === 1);
    for (const other of others) balancer.markDown(other);
    expect(ask()).toBe(first);
  });
});
