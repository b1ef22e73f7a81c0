import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Outcome, OverloadedError } from '../../../src/index.ts';
import type { Failover } from '../../../src/internal.ts';
import { aRequest } from '../../../test/support.ts';
import { Attempts } from '../../src/forwarding/attempts.ts';
import { UpstreamPool } from '../../src/upstream/pool.ts';
import { resolvedPool } from '../resolved.ts';

type PoolInput = Parameters<typeof resolvedPool>[0];

const AT_ONCE = { minDelayMs: 0, maxDelayMs: 0 };
const URLS = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3'];
const unsent = () => Object.assign(new Error('refused'), { requestSent: false });
const sent = () => Object.assign(new Error('reset'), { requestSent: true });

const pools: UpstreamPool[] = [];

afterEach(() => {
  for (const pool of pools.splice(0)) pool.destroy();
});

function aPool(config: Partial<PoolInput> = {}) {
  const pool = new UpstreamPool('pool', resolvedPool({ backends: URLS, strategy: 'round-robin', ...config }));
  pools.push(pool);
  return pool;
}

/** Notes what it is asked to send, and where to. */
function attemptsOn(pool: UpstreamPool, method = 'GET') {
  const sentTo: string[] = [];
  const failures: unknown[] = [];
  const attempts = new Attempts(pool, { ...aRequest('/'), method }, undefined, {
    send: (lease, upstream) => {
      expect(upstream.url).toBe(lease.backend.url);
      sentTo.push(lease.backend.id);
    },
    failed: (error) => failures.push(error),
  });
  return { attempts, sentTo, failures };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

/** What is held of a pool. */
function held(pool: UpstreamPool) {
  const { inFlight, backends } = pool.stats();
  const active = backends.reduce((sum, { activeConnections }) => sum + activeConnections, 0);
  return { inFlight, active, retries: pool.failover?.budget.retries ?? 0, waiting: pool.queue?.depth ?? 0 };
}

const NOTHING = { inFlight: 0, active: 0, retries: 0, waiting: 0 };

describe('the first attempt', () => {
  it('is made before anything else happens, and holds its backend until it ends', () => {
    const pool = aPool();
    const { attempts, sentTo } = attemptsOn(pool);
    attempts.first();
    expect(sentTo).toEqual([URLS[0]]);
    expect([attempts.made, attempts.backend]).toEqual([1, URLS[0]]);
    expect(attempts.headersTimeoutMs).toBeUndefined();
    expect(held(pool)).toMatchObject({ inFlight: 1, active: 1 });
    attempts.end('success');
    attempts.end('failure');
    expect(held(pool)).toEqual(NOTHING);
    expect(pool.stats().backends[0]).toMatchObject({ requests: 1, errors: 0, cancelled: 0 });
    expect(attempts.backend).toBe(URLS[0]);
  });

  it('fails where there is nobody', () => {
    const { attempts, failures } = attemptsOn(aPool({ backends: [], queue: false }));
    attempts.first();
    expect(failures).toMatchObject([{ status: 503, code: 'ERR_LB_NO_BACKEND' }]);
    expect(attempts.made).toBe(0);
    attempts.end('cancelled');
  });

  it.each<[Outcome, object]>([
    ['success', { requests: 1, errors: 0, cancelled: 0 }],
    ['failure', { requests: 1, errors: 1, cancelled: 0 }],
    ['cancelled', { requests: 1, errors: 0, cancelled: 1 }],
  ])('that ends as %s is counted so', (outcome, counts) => {
    const pool = aPool();
    const { attempts } = attemptsOn(pool);
    attempts.first();
    attempts.end(outcome);
    expect(pool.stats().backends[0]).toMatchObject(counts);
  });
});

describe('a further attempt', () => {
  it('goes to another backend, after the lease on the first was given back as a failure', async () => {
    const pool = aPool({ retries: { ...AT_ONCE, retries: 2 } });
    const { attempts, sentTo } = attemptsOn(pool);
    attempts.first();
    expect(attempts.retry({ error: unsent() })).toBe(true);
    expect(held(pool)).toEqual({ inFlight: 1, active: 1, retries: 1, waiting: 0 });
    await settled();
    expect(attempts.retry({ response: { status: 503 } })).toBe(true);
    await settled();
    expect(sentTo.sort()).toEqual(URLS);
    expect(attempts.made).toBe(3);
    expect(attempts.headersTimeoutMs).toBeLessThanOrEqual(15_000);
    expect(attempts.retry({ error: unsent() })).toBe(false);
    attempts.end('success');
    expect(held(pool)).toEqual(NOTHING);
    expect(pool.stats().backends.map(({ errors }) => errors)).toEqual([1, 1, 0]);
  });

  it.each<[string, Partial<PoolInput>, string, Parameters<Attempts['retry']>[0], boolean]>([
    ['GET whose answer is 503', {}, 'GET', { response: { status: 503 } }, true],
    ['GET whose answer is 500', {}, 'GET', { response: { status: 500 } }, false],
    [
      'GET whose answer is 500 where that is asked for',
      { retries: { ...AT_ONCE, retryOn: [500] } },
      'GET',
      { response: { status: 500 } },
      true,
    ],
    ['PUT that was sent', {}, 'PUT', { error: sent() }, true],
    ['POST whose answer is 503', {}, 'POST', { response: { status: 503 } }, false],
    ['POST that was sent', {}, 'POST', { error: sent() }, false],
    ['POST that was not sent', {}, 'POST', { error: unsent() }, true],
    ['GET without retries', { retries: false }, 'GET', { error: unsent() }, false],
    ['GET with none left', { retries: { retries: 0 } }, 'GET', { error: unsent() }, false],
    [
      'GET without a budget',
      { retries: { budget: { ratio: 0, floor: 0 } } },
      'GET',
      { error: unsent() },
      false,
    ],
    ['GET without another backend', { backends: URLS.slice(0, 1) }, 'GET', { error: unsent() }, false],
    ['GET whose time is up', { timeouts: { totalMs: 1 } }, 'GET', { error: unsent() }, false],
  ])('of a %s', async (_, config, method, result, expected) => {
    const pool = aPool({ retries: AT_ONCE, ...config });
    const { attempts, sentTo } = attemptsOn(pool, method);
    attempts.first();
    // More than all the time that one of them has.
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(attempts.retry(result)).toBe(expected);
    // One that is not made holds nothing of the budget while its answer goes out.
    expect(held(pool)).toEqual({ inFlight: 1, active: 1, retries: expected ? 1 : 0, waiting: 0 });
    await settled();
    expect(sentTo.length).toBe(expected ? 2 : 1);
    attempts.end('failure');
    expect(held(pool)).toEqual(NOTHING);
  });

  it('is not made where its request ended in the meantime', async () => {
    const pool = aPool({ retries: { minDelayMs: 10, maxDelayMs: 10 } });
    const { attempts, sentTo } = attemptsOn(pool);
    attempts.first();
    expect(attempts.retry({ error: unsent() })).toBe(true);
    attempts.end('cancelled');
    expect(attempts.retry({ error: unsent() })).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sentTo).toHaveLength(1);
    expect(held(pool)).toEqual(NOTHING);
    expect(pool.stats().backends.map(({ cancelled }) => cancelled)).toEqual([0, 1, 0]);
  });
});

describe('where every backend is busy, an attempt', () => {
  const BUSY = { backends: URLS.slice(0, 1), maxInFlight: 1, retries: AT_ONCE };

  it('waits for its turn, first come first served', async () => {
    const pool = aPool(BUSY);
    const all = [attemptsOn(pool), attemptsOn(pool), attemptsOn(pool)];
    for (const { attempts } of all) attempts.first();
    expect(held(pool)).toMatchObject({ inFlight: 1, waiting: 2 });
    for (const [done, { attempts }] of all.entries()) {
      expect(all.map(({ sentTo }) => sentTo.length)).toEqual([0, 1, 2].map((i) => (i <= done ? 1 : 0)));
      attempts.end('success');
      await settled();
    }
    expect(held(pool)).toEqual(NOTHING);
  });

  it('fails where the queue is full, or the wait too long', async () => {
    const pool = aPool({ ...BUSY, queue: { limit: 1, timeoutMs: 20 } });
    const all = [attemptsOn(pool), attemptsOn(pool), attemptsOn(pool)];
    for (const { attempts } of all) attempts.first();
    await settled();
    expect(all.map(({ failures }) => failures.length)).toEqual([0, 0, 1]);
    await new Promise((resolve) => setTimeout(resolve, 40));
    for (const { failures } of all.slice(1)) expect(failures[0]).toBeInstanceOf(OverloadedError);
    for (const { attempts } of all) attempts.end('cancelled');
    expect(held(pool)).toEqual(NOTHING);
  });

  it('leaves the queue when its request ends', async () => {
    const pool = aPool(BUSY);
    const first = attemptsOn(pool);
    const second = attemptsOn(pool);
    first.attempts.first();
    second.attempts.first();
    second.attempts.end('cancelled');
    first.attempts.end('success');
    await settled();
    expect(second.sentTo).toEqual([]);
    expect(held(pool)).toEqual(NOTHING);
  });
});

describe('whatever happens to attempts', () => {
  it('leases, counters and the budget come out even', async () => {
    const step = fc.constantFrom('begin', 'fail', 'answer 503', 'succeed', 'leave', 'wait');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60, size: 'small' }),
        fc.infiniteStream(fc.nat({ max: 99 })),
        async (steps, which) => {
          const pool = aPool({ maxInFlight: 2, queue: { limit: 2 }, retries: { ...AT_ONCE, retries: 2 } });
          const { budget } = pool.failover as Failover;
          const counted = (['requestBegan', 'requestEnded', 'beginRetry', 'retryEnded'] as const).map(
            (name) => vi.spyOn(budget, name),
          );
          const all: ReturnType<typeof attemptsOn>[] = [];
          for (const name of steps) {
            const one = all[(which.next().value as number) % Math.max(1, all.length)];
            // What was not sent yet cannot fail.
            const isSent = one !== undefined && one.sentTo.length === one.attempts.made;
            if (name === 'begin') {
              const next = attemptsOn(pool);
              all.push(next);
              next.attempts.first();
            } else if (name === 'wait') await settled();
            else if (name === 'fail') isSent && one.attempts.retry({ error: unsent() });
            else if (name === 'answer 503') isSent && one.attempts.retry({ response: { status: 503 } });
            else one?.attempts.end(name === 'leave' ? 'cancelled' : 'success');
            const { inFlight, active } = held(pool);
            expect(active).toBe(inFlight);
            expect(inFlight).toBeLessThanOrEqual(6);
          }
          for (const { attempts } of all) attempts.end('cancelled');
          await settled();
          expect(held(pool)).toEqual(NOTHING);
          const sum = pool.stats().backends.reduce((total, backend) => total + backend.requests, 0);
          expect(sum).toBe(all.reduce((total, { attempts }) => total + attempts.made, 0));
          const [began, ended, retried, retriesEnded] = counted.map(({ mock }) => mock.results);
          expect([began?.length, ended?.length]).toEqual([all.length, all.length]);
          expect(retriesEnded?.length).toBe(retried?.filter(({ value }) => value === true).length);
          pool.destroy();
        },
      ),
      { numRuns: 40 },
    );
  });
});
