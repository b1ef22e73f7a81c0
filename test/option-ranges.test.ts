// Every option takes both ends of its range and refuses the next value beyond them.
import { describe, expect, it } from 'vitest';
import { loadMetricsFeed } from '../src/health/load-metrics-feed.ts';
import {
  Balancer,
  type BalancerOptions,
  circuitBreaker,
  consistentHash,
  type GuardFactory,
  leastWorkload,
  maglev,
  maxAwaiting,
  maxInFlight,
  outlierEjection,
  peakEwma,
  slowStart,
} from '../src/index.ts';
import { memoryRateLimiter } from '../src/rate-limit/index.ts';
import { cookieSessions } from '../src/sessions/index.ts';
import { Failover, type FailoverOptions } from '../src/traffic/failover.ts';
import { LeaseQueue } from '../src/traffic/lease-queue.ts';
import { TestEnv } from './support.ts';

/** The least value above 0, and values just beyond 1 and other ends. */
const TINY = Number.MIN_VALUE;
const MORE_THAN_1 = 1 + Number.EPSILON;
const INFINITE = Number.POSITIVE_INFINITY;
const DAYS = 2 ** 31 - 1;

type Row = [name: string, make: (value: number) => unknown, taken: number[], refused: number[]];

const pool = () => new Balancer(['http://a']);
const balancer = (options: (value: number) => BalancerOptions<string>) => (value: number) =>
  new Balancer<string>(['http://a'], options(value));
const guard = (make: (value: number) => GuardFactory) => balancer((value) => ({ guards: [make(value)] }));
const failover = (options: (value: number) => FailoverOptions) => (value: number) =>
  new Failover(options(value));
const limiter = { points: 1, durationMs: 1_000 };
const MAX_POINTS = 1_000_000_000;

const rows: Row[] = [
  ['weight', (weight) => new Balancer([{ url: 'http://a', weight }]), [0, 1_000], [-TINY, 1_000.001]],
  ['port', (Port) => new Balancer([{ IPAddr: '10.0.0.1', Port }]), [1, 65_535], [0, 65_536, 1.5]],
  ['bounds.factor', balancer((factor) => ({ bounds: { factor } })), [1, INFINITE], [1 - Number.EPSILON]],
  ['bounds.z', balancer((z) => ({ bounds: { z } })), [0, 1e9], [-TINY, INFINITE]],
  [
    'bounds.rememberedKeys',
    balancer((rememberedKeys) => ({ bounds: { rememberedKeys } })),
    [0, 1, 2 ** 20],
    [-1, 2 ** 20 + 1, 4.5],
  ],
  ['seed', balancer((seed) => ({ seed })), [0, 1 - 2 ** 32, 2 ** 32 - 1], [-(2 ** 32), 2 ** 32, 0.5]],
  ['pool.panicRatio', balancer((panicRatio) => ({ pool: { panicRatio } })), [0, 1], [-TINY, MORE_THAN_1]],
  [
    'guards.length',
    balancer((length) => ({ guards: Array.from({ length }, () => maxInFlight(1)) })),
    [0, 24],
    [25],
  ],
  ['maxAwaiting', guard(maxAwaiting), [1, Number.MAX_SAFE_INTEGER], [0, 1.5, INFINITE]],
  ['maxInFlight', guard(maxInFlight), [1, Number.MAX_SAFE_INTEGER], [0, 1.5, INFINITE]],
  [
    'pointsPerWeight',
    (pointsPerWeight) => consistentHash({ pointsPerWeight }),
    [1, 10_000],
    [0, 10_001, 1.5],
  ],
  ['rows', (value) => maglev({ rows: value }), [101, 1_000_000], [100, 1_000_001, 101.5]],
  ['leastWorkload.expiryMs', (expiryMs) => leastWorkload({ expiryMs }), [TINY, INFINITE], [0, Number.NaN]],
  ['peakEwma.decayMs', (decayMs) => peakEwma({ decayMs }), [TINY, 1e12], [0, INFINITE]],
  ['peakEwma.failureMs', (failureMs) => peakEwma({ failureMs }), [TINY, 1e12], [0, INFINITE]],
  ['blackoutMs', (blackoutMs) => loadMetricsFeed(pool(), { blackoutMs }), [0, INFINITE], [-TINY, Number.NaN]],
  ['feed.expiryMs', (expiryMs) => loadMetricsFeed(pool(), { expiryMs }), [TINY, INFINITE], [0]],
  ['failover.retries', failover((retries) => ({ retries })), [0, 10], [-1, 11, 0.5]],
  ['failover.minDelayMs', failover((minDelayMs) => ({ minDelayMs, maxDelayMs: 50 })), [0, 50], [-TINY, 50.1]],
  ['failover.maxDelayMs', failover((maxDelayMs) => ({ maxDelayMs })), [25, 60_000], [24.9, 60_000.1]],
  ['failover.budget.ratio', failover((ratio) => ({ budget: { ratio } })), [0, 1], [-TINY, MORE_THAN_1]],
  ['failover.budget.floor', failover((floor) => ({ budget: { floor } })), [0, 1e6], [-1, 0.5]],
  [
    'queue.limit',
    (limit) => new LeaseQueue(pool(), { limit, ...new TestEnv() }),
    [0, 100_000],
    [-1, 100_001],
  ],
  [
    'queue.timeoutMs',
    (timeoutMs) => new LeaseQueue(pool(), { timeoutMs, ...new TestEnv() }),
    [TINY, DAYS],
    [0, DAYS + 1],
  ],
  ['slowStart.windowMs', guard((windowMs) => slowStart({ windowMs })), [TINY, 1e12], [0, INFINITE]],
  ['slowStart.aggression', guard((aggression) => slowStart({ aggression })), [TINY, 1e12], [0, INFINITE]],
  ['slowStart.floor', guard((floor) => slowStart({ floor })), [TINY, 1], [0, MORE_THAN_1]],
  ['slowStart.steps', guard((steps) => slowStart({ steps })), [1, 1_000], [0, 1.5]],
  ['breaker.windowMs', guard((windowMs) => circuitBreaker({ windowMs })), [TINY, 1e12], [0, INFINITE]],
  [
    'outlierEjection.successRate.minRatio',
    guard((minRatio) => outlierEjection({ successRate: { minRatio } })),
    [0, 1],
    [-TINY, MORE_THAN_1],
  ],
  ['breaker.minRequests', guard((minRequests) => circuitBreaker({ minRequests })), [1, 1e6], [0, 1.5]],
  [
    'breaker.failureRatio',
    guard((failureRatio) => circuitBreaker({ failureRatio })),
    [TINY, 1],
    [0, MORE_THAN_1],
  ],
  ['breaker.openMs', guard((openMs) => circuitBreaker({ openMs, maxOpenMs: 9 })), [TINY, 9], [0, 9.1]],
  [
    'breaker.maxOpenMs',
    guard((maxOpenMs) => circuitBreaker({ openMs: 5, maxOpenMs })),
    [5, 1e12],
    [4.9, INFINITE],
  ],
  ['breaker.probes', guard((probes) => circuitBreaker({ probes })), [1, 100], [0, 1.5]],
  [
    'ejection.consecutiveFailures',
    guard((consecutiveFailures) => outlierEjection({ consecutiveFailures })),
    [1, INFINITE],
    [0, 1.5],
  ],
  [
    'ejection.intervalMs',
    guard((intervalMs) => outlierEjection({ intervalMs })),
    [TINY, 1e12],
    [0, INFINITE],
  ],
  ['ejection.baseMs', guard((baseMs) => outlierEjection({ baseMs, maxMs: 9 })), [TINY, 9], [0, 9.1]],
  ['ejection.maxMs', guard((maxMs) => outlierEjection({ baseMs: 5, maxMs })), [5, 1e12], [4.9, INFINITE]],
  ['ejection.jitter', guard((jitter) => outlierEjection({ jitter })), [0, 1], [-TINY, MORE_THAN_1]],
  [
    'ejection.maxEjectedRatio',
    guard((maxEjectedRatio) => outlierEjection({ maxEjectedRatio })),
    [0, 1],
    [-TINY, MORE_THAN_1],
  ],
  [
    'points',
    (points) => memoryRateLimiter({ ...limiter, points }),
    [1, MAX_POINTS],
    [0, MAX_POINTS + 1, 1.5],
  ],
  ['durationMs', (durationMs) => memoryRateLimiter({ ...limiter, durationMs }), [1, DAYS], [0, DAYS + 1]],
  ['maxKeys', (maxKeys) => memoryRateLimiter({ ...limiter, maxKeys }), [0, 10_000_000], [-1, 10_000_001]],
  [
    'cookie.maxAgeMs',
    (maxAgeMs) => cookieSessions({ secrets: ['x'.repeat(32)], backends: pool(), maxAgeMs }),
    [1_000, 1e12],
    [999.9, INFINITE],
  ],
];

describe('an option', () => {
  it.each(rows)('takes both ends of its range and refuses what is beyond: %s', (_, make, taken, refused) => {
    for (const value of taken) expect(() => make(value), String(value)).not.toThrow();
    for (const value of refused) expect(() => make(value), String(value)).toThrow(RangeError);
  });
});
