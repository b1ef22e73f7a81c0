import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Outcome, systemEnv } from '../../../src/index.ts';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import { aRequest } from '../../../test/support.ts';
import { UpstreamAttempts } from '../../src/forwarding/attempts.ts';
import { HeaderRules } from '../../src/routing/header-rules.ts';
import { Route } from '../../src/routing/route-table.ts';
import { UpstreamPool } from '../../src/upstream/pool.ts';
import { resolvedPool } from '../resolved.ts';

startAtTheFirst();

type PoolInput = Parameters<typeof resolvedPool>[0];

const AT_ONCE = { minDelayMs: 0, maxDelayMs: 0 };
const URLS = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3'];
const broken = () => new Error('broken');

const pools: UpstreamPool[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const pool of pools.splice(0)) pool.destroy();
});

function aPool(config: Partial<PoolInput> = {}) {
  const pool = new UpstreamPool('pool', resolvedPool({ backends: URLS, strategy: 'round-robin', ...config }));
  pools.push(pool);
  return pool;
}

/** Timers that fire when they are told to. */
function heldTimers() {
  const waiting = new Set<() => void>();
  vi.spyOn(systemEnv.timers, 'schedule').mockImplementation((callback) => {
    waiting.add(callback);
    return () => void waiting.delete(callback);
  });
  return () => {
    for (const callback of [...waiting]) if (waiting.delete(callback)) callback();
  };
}

/** Notes what it is asked to send, and where to. */
function attemptsOn(pool: UpstreamPool) {
  const none = new HeaderRules({ set: {}, remove: [] });
  const headers = { requestHeaders: none, responseHeaders: none };
  const limits = { bodyBytes: 1_000, replayBytes: 1_000 };
  const route = new Route({ host: '*', path: '/', prefix: '/', pool, gate: undefined, limits, ...headers });
  const sentTo: string[] = [];
  const attempts = new UpstreamAttempts(route, {
    request: aRequest('/'),
    session: undefined,
    signal: undefined,
    canRepeat: true,
    send: ({ backend }) => void sentTo.push(backend.id),
    stands: () => {},
    failed: () => {},
  });
  attempts.first();
  return { attempts, sentTo };
}

/** What is held of a pool. */
function held(pool: UpstreamPool) {
  const { inFlight, backends } = pool.stats();
  const active = backends.reduce((sum, { activeConnections }) => sum + activeConnections, 0);
  return { inFlight, active, retries: pool.failover?.budget.retries ?? 0, waiting: pool.queue?.depth ?? 0 };
}

const NOTHING = { inFlight: 0, active: 0, retries: 0, waiting: 0 };

it.each<[Outcome, object]>([
  ['success', { requests: 1, errors: 0, cancelled: 0 }],
  ['failure', { requests: 1, errors: 1, cancelled: 0 }],
  ['cancelled', { requests: 1, errors: 0, cancelled: 1 }],
  ['rejected', { requests: 1, errors: 0, cancelled: 0, rejected: 1 }],
])('an attempt that ends as %s is counted so', (outcome, counts) => {
  const pool = aPool();
  const { attempts } = attemptsOn(pool);
  expect(attempts.upstream?.url).toBe(URLS[0]);
  expect(held(pool)).toMatchObject({ inFlight: 1, active: 1 });
  attempts.end(outcome);
  expect(held(pool)).toEqual(NOTHING);
  expect(pool.stats().backends[0]).toMatchObject(counts);
});

it('each attempt counts at its own backend', () => {
  const fire = heldTimers();
  const pool = aPool({ retries: { ...AT_ONCE, retries: 2 } });
  const { attempts, sentTo } = attemptsOn(pool);
  expect(attempts.headersTimeoutMs).toBeUndefined();
  expect(attempts.failed(broken(), 'sent')).toBe('retried');
  expect(held(pool)).toEqual({ inFlight: 1, active: 1, retries: 1, waiting: 0 });
  fire();
  expect(attempts.headersTimeoutMs).toBeLessThanOrEqual(60_000);
  expect(attempts.responded(503, true)).toBe('retried');
  fire();
  expect([...sentTo].sort()).toEqual(URLS);
  expect(attempts.upstream?.url).toBe(sentTo[2]);
  attempts.end();
  expect(held(pool)).toEqual(NOTHING);
  const counts = new Map(pool.stats().backends.map(({ id, requests, errors }) => [id, [requests, errors]]));
  expect(sentTo.map((id) => counts.get(id))).toEqual([
    [1, 1],
    [1, 1],
    [1, 0],
  ]);
});

describe('whatever happens to attempts', () => {
  it('leases, counters and the budget come out even', async () => {
    const step = fc.constantFrom('begin', 'fail', 'refuse', 'answer 503', 'succeed', 'leave', 'wait');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60, size: 'max' }),
        fc.infiniteStream(fc.nat({ max: 99 })),
        async (steps, which) => {
          const fire = heldTimers();
          const pool = aPool({ maxInFlight: 2, queue: { limit: 2 }, retries: { ...AT_ONCE, retries: 2 } });
          const { budget } = pool.failover!;
          const counted = (['requestBegan', 'requestEnded', 'beginRetry', 'retryEnded'] as const).map(
            (name) => vi.spyOn(budget, name),
          );
          const all: ReturnType<typeof attemptsOn>[] = [];
          for (const name of steps) {
            const one = all[(which.next().value as number) % Math.max(1, all.length)];
            // An attempt that was not sent yet cannot fail.
            const isSent = one !== undefined && one.sentTo.length === one.attempts.made;
            if (name === 'begin') all.push(attemptsOn(pool));
            else if (name === 'wait') fire();
            else if (name === 'fail') isSent && one.attempts.failed(broken(), 'sent');
            else if (name === 'refuse') isSent && one.attempts.failed(broken(), 'unsent');
            else if (name === 'answer 503') isSent && one.attempts.responded(503, true);
            else one?.attempts.end(name === 'leave' ? 'cancelled' : 'success');
            const { inFlight, active } = held(pool);
            expect(active).toBe(inFlight);
            expect(inFlight).toBeLessThanOrEqual(6);
            // The queue serves after a microtask, and so do those that it serves.
            if (name === 'wait') for (let i = 0; i < 5; i++) await Promise.resolve();
          }
          for (const { attempts } of all) attempts.end('cancelled');
          for (let i = 0; i < 5; i++) await Promise.resolve();
          expect(held(pool)).toEqual(NOTHING);
          const sum = pool.stats().backends.reduce((total, backend) => total + backend.requests, 0);
          expect(sum).toBe(all.reduce((total, { attempts }) => total + attempts.made, 0));
          const [began, ended, retried, retriesEnded] = counted.map(({ mock }) => mock.results);
          expect([began?.length, ended?.length]).toEqual([all.length, all.length]);
          expect(retriesEnded?.length).toBe(retried?.filter(({ value }) => value === true).length);
          pool.destroy();
        },
      ),
      { numRuns: 100, verbose: 1 },
    );
  });
});
