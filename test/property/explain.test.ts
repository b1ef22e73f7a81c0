import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Backend,
  Balancer,
  type BalancerStats,
  circuitBreaker,
  type Explanation,
  type Lease,
  maxInFlight,
  outlierEjection,
  type StrategyName,
  slowStart,
  strategies,
} from '../../src/index.ts';
import { TestEnv } from '../support.ts';

interface Asked {
  readonly key: string | undefined;
  readonly zone: string | undefined;
}

const URLS = Array.from({ length: 8 }, (_, i) => `http://h${i}`);

const which = fc.nat(7);
const key = fc.option(fc.oneof(fc.constantFrom('', '__proto__', '\ud800'), fc.string({ maxLength: 2 })), {
  nil: undefined,
});
const zone = fc.constantFrom(undefined, 'a', 'b', 'nowhere');
const weight = fc.constantFrom(0, 0.1, 0.3, 1, 1, 7);
const asked = fc.record({
  op: fc.constant('ask' as const),
  key,
  zone,
  tried: fc.array(which, { maxLength: 3 }),
  session: fc.option(which, { nil: undefined }),
  user: fc.option(fc.constantFrom('ann', 'bob', 'eve'), { nil: undefined, freq: 3 }),
  repeatable: fc.boolean(),
});
const step = fc.oneof(
  { weight: 10, arbitrary: asked },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('end' as const), which: fc.nat(), how: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('head' as const), which: fc.nat(), how: fc.nat(1) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constantFrom('list' as const, 'add' as const, 'weigh' as const),
      which,
      weight,
      zone,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constantFrom('unlist' as const, 'remove' as const, 'drain' as const, 'resume' as const),
      which,
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('up' as const, 'down' as const), which }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.nat(20_000) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const setting = fc.record({
  strategy: fc.constantFrom(...(Object.keys(strategies) as StrategyName[])),
  factor: fc.constantFrom(1, 1.25, Number.POSITIVE_INFINITY),
  z: fc.constantFrom(0, 1),
  rememberedKeys: fc.constantFrom(0, 512, 2_048),
  strict: fc.boolean(),
  panicRatio: fc.constantFrom(0, 0.5, 1),
  zoned: fc.boolean(),
  limit: fc.integer({ min: 1, max: 4 }),
  guarded: fc.boolean(),
});
type Setting = typeof setting extends fc.Arbitrary<infer S> ? S : never;

class Play {
  readonly env = new TestEnv();
  readonly pool: { url: string; weight: number; zone?: string }[] = [];
  readonly balancer: Balancer<Asked>;
  readonly leases: Lease[] = [];

  constructor({ strategy, factor, z, rememberedKeys, strict, panicRatio, zoned, limit, guarded }: Setting) {
    const often = { consecutiveFailures: 2 };
    this.balancer = new Balancer<Asked>(this.pool, {
      strategy,
      pool: {
        panicRatio,
        ...(zoned && { zones: { of: (request: Asked) => request.zone, order: ['b', 'a'] } }),
      },
      env: this.env,
      key: (request) => request.key,
      bounds: { factor, z, rememberedKeys, strict },
      guards: guarded
        ? [outlierEjection(often), circuitBreaker({ minRequests: 3 }), slowStart(), maxInFlight(limit)]
        : [],
    });
  }

  /** @returns who got the request */
  take(one: Step, explained: (explain: () => Explanation, tried: readonly Backend[]) => void) {
    const { balancer, pool, leases, env } = this;
    const url = 'which' in one ? (URLS[one.which % URLS.length] as string) : '';
    if (one.op === 'ask') {
      const tried = balancer.backends.filter(({ id }) => one.tried.some((i) => URLS[i] === id));
      const on = one.session === undefined ? {} : { backend: URLS[one.session] as string };
      const session =
        one.session === undefined && one.user === undefined ? undefined : { ...on, key: one.user };
      explained(() => balancer.explain(one, { tried, session, repeatable: one.repeatable }), tried);
      const lease = balancer.acquire(one, { tried, session, repeatable: one.repeatable });
      if (lease !== undefined) leases.push(lease);
      return lease;
    }
    if (one.op === 'end') {
      const outcome = (['success', 'failure', 'cancelled'] as const)[one.how];
      leases.splice(one.which % (leases.length || 1), 1)[0]?.release(outcome);
    } else if (one.op === 'head')
      leases[one.which % (leases.length || 1)]?.responded(200 + one.how, one.how === 1);
    else if (one.op === 'wait') env.advance(one.ms);
    else if (one.op === 'list' || one.op === 'add') {
      const entry = { url, weight: one.weight, ...(one.zone === undefined ? {} : { zone: one.zone }) };
      if (one.op === 'list') pool.push(entry);
      else if (!balancer.has(url)) balancer.add(entry);
    } else if (one.op === 'unlist') pool.splice(one.which, 1);
    else if (!balancer.has(url)) return undefined;
    else if (one.op === 'weigh') balancer.setWeight(url, one.weight);
    else if (one.op === 'remove') balancer.remove(url);
    else if (one.op === 'drain') void balancer.drain(url, { sessionsMs: 5_000 });
    else if (one.op === 'resume') balancer.resume(url);
    else if (one.op === 'up') balancer.markUp(url);
    else balancer.markDown(url);
    return undefined;
  }
}

/** What an explanation says must hold together, whoever is picked. */
function check({ picked, trial, candidates }: Explanation, tried: readonly Backend[]): void {
  const of = (verdict: string) => candidates.filter((one) => one.verdict === verdict).map(({ id }) => id);
  const chosen = of(trial ? 'picked as a trial' : 'picked');
  expect(chosen).toEqual(picked === undefined ? [] : [picked]);
  if (picked === undefined) expect(of('eligible')).toEqual([]);
  for (const id of of('already tried')) expect(tried.some((backend) => backend.id === id)).toBe(true);
  for (const { flightLimit, keyLimit } of candidates) {
    expect(flightLimit).toBeGreaterThanOrEqual(1);
    expect(keyLimit).toBeGreaterThanOrEqual(0);
  }
}

/** A request goes to a backend that is not well only as a trial, in panic, or with no other one left. */
function checkTrust({ panic, backends }: BalancerStats, lease: Lease, tried: readonly Backend[]): void {
  if (lease.isTrial) {
    expect(lease.trust).not.toBe('well');
    expect(tried).toEqual([]);
  } else if (!panic && lease.trust !== 'well') {
    const better = backends.filter(
      ({ id, state, weight }) => state === 'up' && weight > 0 && !tried.some((one) => one.id === id),
    );
    expect(better).toEqual([]);
  }
}

describe('explain, in every state that calls can bring about', () => {
  it('tells what acquire then does, and changes nothing of it', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(setting, fc.array(step, { minLength: 50, maxLength: 150 }), (settings, steps) => {
        const looked = new Play(settings);
        const blind = new Play(settings);
        for (const one of steps) {
          let explanation: Explanation | undefined;
          let trusts: ((lease: Lease) => void) | undefined;
          const lease = looked.take(one, (explain, tried) => {
            explanation = explain();
            const before = looked.balancer.stats();
            trusts = (lease) => checkTrust(before, lease, tried);
            check(explanation, tried);
            expect(explain()).toEqual(explanation);
          });
          const other = blind.take(one, () => {});
          expect(other?.backend.id).toBe(lease?.backend.id);
          if (explanation !== undefined) {
            expect(explanation.picked).toBe(lease?.backend.id);
            expect(explanation.spilled).toBe(lease?.spilled ?? explanation.spilled);
            expect(explanation.trial).toBe(lease?.isTrial ?? false);
          }
          if (lease !== undefined) trusts?.(lease);
          const { inFlight, keys, backends } = looked.balancer.stats();
          expect(blind.balancer.stats().backends).toEqual(backends);
          const sum = (of: 'inFlight' | 'keys') =>
            backends.reduce((total, backend) => total + backend[of], 0);
          expect([sum('inFlight'), sum('keys')]).toEqual([inFlight, keys]);
          const held = looked.leases.filter(({ backend }) => looked.balancer.backends.includes(backend));
          expect(inFlight).toBe(held.length);
        }
        for (const lease of looked.leases) lease.release();
        expect(looked.balancer.stats().inFlight).toBe(0);
      }),
      { numRuns: 30, verbose: 1 },
    );
  });
});
