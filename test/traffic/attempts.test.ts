import { describe, expect, it } from 'vitest';
import type { AttemptFailure } from '../../src/http/attempt-failure.ts';
import {
  Balancer,
  type BalancerOptions,
  CancelledError,
  circuitBreaker,
  type FailoverOptions,
  maxInFlight,
  NoBackendError,
  OverloadedError,
  type Request,
  UpstreamError,
} from '../../src/index.ts';
import { type AttemptRules, Attempts, type Sender, type Verdict } from '../../src/traffic/attempts.ts';
import { Failover } from '../../src/traffic/failover.ts';
import { LeaseQueue, type LeaseQueueOptions } from '../../src/traffic/lease-queue.ts';
import { aRequest, TestEnv } from '../support.ts';

const [A, B, C] = ['http://a', 'http://b', 'http://c'] as const;

interface Setup extends BalancerOptions<Request> {
  readonly backends?: readonly string[];
  readonly failover?: FailoverOptions | false;
  readonly queue?: LeaseQueueOptions | true;
  readonly totalMs?: number;
}

function setUp({ backends: pool = [A, B, C], failover = {}, queue, totalMs, ...options }: Setup = {}) {
  const env = new TestEnv();
  const balancer = new Balancer<Request>(pool, { strategy: 'round-robin', ...options, env });
  const rules: AttemptRules<Request> = {
    balancer,
    env,
    totalMs,
    failover: failover === false ? undefined : new Failover({ retries: 2, ...failover }, env.random),
    queue: queue && new LeaseQueue(balancer, { ...(queue === true ? {} : queue), ...env }),
  };
  /** One request, and what its sender is told: `send A`, `stands`, `failed <error>`. */
  const begin = ({ method = 'GET', canRepeat = true, signal }: Partial<Sending> = {}) => {
    const told: string[] = [];
    const errors: unknown[] = [];
    const sender: Sender<Request> = {
      request: aRequest('/', { method }),
      session: undefined,
      signal,
      canRepeat,
      send: ({ backend }) => void told.push(`send ${backend.id}`),
      stands: () => void told.push('stands'),
      failed: (error) => {
        told.push(`failed ${(error as Error).name}`);
        errors.push(error);
      },
    };
    const attempts = new Attempts(rules, sender);
    attempts.first();
    return { attempts, told, errors };
  };
  /** Leases, retries in the budget, waiting requests, timers. */
  const held = () => [
    balancer.stats().inFlight,
    rules.failover?.budget.retries ?? 0,
    rules.queue?.depth ?? 0,
    env.pendingTimers,
  ];
  /** Successes, failures and cancellations of each backend, in the order of these. */
  const endings = () =>
    balancer
      .stats()
      .backends.map(({ requests, failures, cancelled, inFlight }) => [
        requests - inFlight - failures - cancelled,
        failures,
        cancelled,
      ])
      .sort((a, b) => a.join().localeCompare(b.join()));
  return { env, balancer, rules, begin, held, endings };
}

interface Sending {
  readonly method: string;
  readonly canRepeat: boolean;
  readonly signal: AbortSignal;
}

const NOTHING = [0, 0, 0, 0];
const broken = () => new Error('broken');
const settled = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

describe('the first attempt', () => {
  it('begins before `first` returns, and holds its lease until the end', () => {
    const { begin, held, endings } = setUp();
    const { attempts, told } = begin();
    expect(told).toEqual([`send ${attempts.backend?.id}`]);
    expect([attempts.made, attempts.remainingMs, held()]).toEqual([1, undefined, [1, 0, 0, 0]]);
    expect(attempts.responded(200, false)).toBe('stands');
    expect(held()).toEqual([1, 0, 0, 0]);
    attempts.end();
    attempts.end('failure');
    expect(held()).toEqual(NOTHING);
    expect(endings()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [1, 0, 0],
    ]);
  });

  it('fails in an empty pool, and for a client that has left', () => {
    const empty = setUp({ backends: [] }).begin();
    expect(empty.errors[0]).toBeInstanceOf(NoBackendError);
    expect(empty.errors[0]).toMatchObject({ attempts: [] });
    const { begin, balancer } = setUp();
    const { errors, told } = begin({ signal: AbortSignal.abort('why') });
    expect(told).toEqual(['failed CancelledError']);
    expect(errors[0]).toBeInstanceOf(CancelledError);
    expect(errors[0]).toMatchObject({ cause: 'why' });
    expect(balancer.stats().backends.map(({ requests }) => requests)).toEqual([0, 0, 0]);
  });

  it('waits for a busy backend, in turn', async () => {
    const { begin, held } = setUp({ backends: [A], guards: [maxInFlight(1)], queue: true });
    const all = [begin(), begin(), begin()];
    expect(held()).toEqual([1, 0, 2, 2]);
    for (const [done, { attempts }] of all.entries()) {
      expect(all.map(({ told }) => told.length)).toEqual([0, 1, 2].map((i) => (i <= done ? 1 : 0)));
      attempts.responded(200, false);
      attempts.end();
      await settled();
    }
    expect(held()).toEqual(NOTHING);
  });

  it('fails if the queue is full, or the wait too long', async () => {
    const { begin, env, held } = setUp({
      backends: [A],
      guards: [maxInFlight(1)],
      queue: { limit: 1, timeoutMs: 20 },
    });
    const all = [begin(), begin(), begin()];
    expect(all.map(({ errors }) => errors.length)).toEqual([0, 0, 1]);
    env.advance(20);
    await settled();
    for (const { errors } of all.slice(1)) expect(errors[0]).toBeInstanceOf(OverloadedError);
    for (const { attempts } of all) attempts.end();
    expect(held()).toEqual(NOTHING);
  });

  it('waits no longer than all attempts together may take', async () => {
    const { begin, env } = setUp({ backends: [A], guards: [maxInFlight(1)], queue: true, totalMs: 50 });
    begin();
    const { errors } = begin();
    env.advance(50);
    await settled();
    expect(errors[0]).toMatchObject({ message: 'every backend was busy for 50 ms' });
  });

  it.each(['end', 'abort'] as const)('leaves the queue when its client does, by `%s`', async (how) => {
    const { begin, held } = setUp({ backends: [A], guards: [maxInFlight(1)], queue: true });
    const client = new AbortController();
    const first = begin();
    const second = begin({ signal: client.signal });
    if (how === 'abort') client.abort();
    second.attempts.end();
    first.attempts.end();
    await settled();
    expect(second.told).toEqual(how === 'abort' ? ['failed AbortError'] : []);
    expect(held()).toEqual(NOTHING);
  });

  it('gives back a lease that comes from the queue as its client leaves', async () => {
    const { begin, held, endings } = setUp({ backends: [A], guards: [maxInFlight(1)], queue: true });
    const [first, second] = [begin(), begin()];
    first.attempts.end();
    // The queue looks after a microtask; the client leaves after another one.
    await Promise.resolve();
    expect(held()).toEqual([1, 0, 0, 0]);
    second.attempts.end('cancelled');
    await settled();
    expect(second.told).toEqual([]);
    expect([held(), endings()]).toEqual([NOTHING, [[1, 0, 1]]]);
  });

  it('passes on what the key function throws', () => {
    const key = () => {
      throw new Error('no key');
    };
    const { begin, held } = setUp({ strategy: 'consistent-hash', key });
    expect(() => begin()).toThrow('no key');
    expect(held()).toEqual(NOTHING);
  });
});

type End = (attempts: Attempts<Request>) => Verdict;
const status =
  (code: number): End =>
  (attempts) =>
    attempts.responded(code, code >= 502 && code <= 504);
const error =
  (failure: AttemptFailure): End =>
  (attempts) =>
    attempts.failed(broken(), failure);

describe('a retry', () => {
  it.each<[string, Partial<Sending>, End, Setup, Verdict]>([
    ['a GET that broke', {}, error('sent'), {}, 'retried'],
    ['a GET that was not sent', {}, error('unsent'), {}, 'retried'],
    ['a GET that cannot be sent', {}, error('rejected'), {}, 'stands'],
    ['a GET that this process could not send', {}, error('cancelled'), {}, 'stands'],
    ['a GET that got 503', {}, status(503), {}, 'retried'],
    ['a GET that got 500', {}, status(500), {}, 'stands'],
    ['a GET that got 500, if asked for', {}, status(500), { failover: { retryOn: [500] } }, 'retried'],
    ['a PUT that broke', { method: 'PUT' }, error('sent'), {}, 'retried'],
    ['a POST that broke', { method: 'POST' }, error('sent'), {}, 'stands'],
    ['a POST that got 503', { method: 'POST' }, status(503), {}, 'stands'],
    ['a POST that was not sent', { method: 'POST' }, error('unsent'), {}, 'retried'],
    ['a PUT whose body is gone', { method: 'PUT', canRepeat: false }, error('sent'), {}, 'stands'],
    ['a PUT whose body is gone, with 503', { method: 'PUT', canRepeat: false }, status(503), {}, 'stands'],
    ['a GET without failover', {}, error('unsent'), { failover: false }, 'stands'],
    ['a GET without retries', {}, error('unsent'), { failover: { retries: 0 } }, 'stands'],
    ['a GET with no budget', {}, error('sent'), { failover: { budget: { ratio: 0, floor: 0 } } }, 'stands'],
    [
      'a GET with no budget that was not sent',
      {},
      error('unsent'),
      { failover: { budget: { ratio: 0, floor: 0 } } },
      'retried',
    ],
    ['a GET without another backend', {}, error('sent'), { backends: [A] }, 'stands'],
  ])('of %s', (_, sending, end, setup, verdict) => {
    const { begin, held, env } = setUp(setup);
    const { attempts, told } = begin(sending);
    expect(end(attempts)).toBe(verdict);
    expect(held()[0]).toBe(1);
    env.advance(1_000);
    expect(told).toHaveLength(verdict === 'retried' ? 2 : 1);
    attempts.end('failure');
    expect(held()).toEqual(NOTHING);
  });

  it('tries each backend once; each attempt ends as it went', () => {
    const { begin, env, held, endings } = setUp();
    const { attempts, told } = begin();
    expect(attempts.failed(broken(), 'sent')).toBe('retried');
    env.advance(25);
    expect(attempts.responded(503, false)).toBe('retried');
    env.advance(50);
    expect([...told].sort()).toEqual([`send ${A}`, `send ${B}`, `send ${C}`]);
    expect(attempts.failed(broken(), 'unsent')).toBe('stands');
    expect(held()).toEqual([1, 0, 0, 0]);
    attempts.end();
    expect(held()).toEqual(NOTHING);
    expect(endings()).toEqual([
      [0, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
  });

  it('has its place in the budget from the decision to the head of the response', () => {
    const { begin, env, rules } = setUp({ failover: { budget: { ratio: 0, floor: 1 } } });
    const [one, two, three] = [begin(), begin(), begin()];
    expect(one.attempts.failed(broken(), 'sent')).toBe('retried');
    expect(two.attempts.failed(broken(), 'sent')).toBe('stands');
    env.advance(25);
    expect(one.attempts.responded(200, false)).toBe('stands');
    // The body of `one` is still on its way.
    expect(three.attempts.failed(broken(), 'sent')).toBe('retried');
    for (const { attempts } of [one, two, three]) attempts.end();
    expect(rules.failover?.budget.retries).toBe(0);
    expect(rules.failover?.stats).toMatchObject({ retries: { error: 2 }, declined: { budget: 1 } });
  });

  it('is free if nothing was sent: neither budget nor limit nor a longer wait', () => {
    const budget = { ratio: 0, floor: 0 };
    const pool = Array.from({ length: 20 }, (_, i) => `http://b${i}`);
    const { begin, env, rules } = setUp({ backends: pool, failover: { retries: 1, budget } });
    const { attempts, told } = begin();
    for (let tried = 1; tried < pool.length; tried++) {
      expect(attempts.failed(broken(), 'unsent')).toBe('retried');
      expect(rules.failover?.budget.retries).toBe(0);
      env.advance(25);
    }
    expect(attempts.failed(broken(), 'unsent')).toBe('stands');
    expect(new Set(told).size).toBe(20);
    expect(rules.failover?.stats).toEqual({
      retries: { status: 0, error: 0, unsent: 19, trial: 0 },
      declined: { method: 0, exhausted: 0, budget: 0 },
    });
  });

  it('is free even for a request that has had all its retries', () => {
    const { begin, env, rules } = setUp({ failover: { retries: 1 } });
    const { attempts } = begin();
    expect(attempts.failed(broken(), 'sent')).toBe('retried');
    env.advance(25);
    expect(attempts.failed(broken(), 'unsent')).toBe('retried');
    env.advance(50);
    expect(attempts.failed(broken(), 'sent')).toBe('stands');
    expect(rules.failover?.stats.retries).toEqual({ status: 0, error: 1, unsent: 1, trial: 0 });
  });

  it('is neither counted nor waited for if no backend is left', () => {
    const { begin, held, rules } = setUp({ backends: [A] });
    const { attempts } = begin();
    expect(attempts.responded(503, true)).toBe('stands');
    expect(held()).toEqual([1, 0, 0, 0]);
    expect(rules.failover?.stats.retries).toEqual({ status: 0, error: 0, unsent: 0, trial: 0 });
    attempts.end();
  });

  it('begins no more when the time for all attempts is up', () => {
    const { begin, env } = setUp({ totalMs: 100 });
    const { attempts } = begin();
    expect(attempts.remainingMs).toBeUndefined();
    env.advance(60);
    expect(attempts.failed(broken(), 'sent')).toBe('retried');
    expect(attempts.remainingMs).toBe(40);
    env.advance(40);
    expect(attempts.failed(broken(), 'sent')).toBe('stands');
  });

  describe('that waits before it is sent', () => {
    /** A retry on its way to its backend, and what then happens to that. */
    function onItsWay(setup: Setup = {}) {
      const parts = setUp(setup);
      const request = parts.begin();
      expect(request.attempts.failed(broken(), 'sent')).toBe('retried');
      const chosen = request.attempts.backend?.id as string;
      const left = [A, B, C].filter((id) => ![chosen, request.told[0]?.slice(5)].includes(id));
      return { ...parts, ...request, chosen, left };
    }
    const breaker: Setup = { guards: [circuitBreaker({ minRequests: 1 })] };

    it.each<[string, Setup, (balancer: Balancer<Request>, chosen: string) => void]>([
      ['leaves the pool', {}, (balancer, chosen) => balancer.remove(chosen)],
      ['goes down', {}, (balancer, chosen) => balancer.markDown(chosen)],
      ['drains', {}, (balancer, chosen) => void balancer.drain(chosen)],
      [
        'is barred by its breaker',
        breaker,
        (balancer, chosen) =>
          balancer.acquire(aRequest('/'), { session: { backend: chosen } })?.release('failure'),
      ],
    ])('goes to another backend if its own %s', (_, setup, happens) => {
      const { balancer, env, attempts, told, chosen, left, held } = onItsWay(setup);
      happens(balancer, chosen);
      env.advance(25);
      expect(told.slice(1)).toEqual(left.slice(0, 1).map((id) => `send ${id}`));
      // The backend that got nothing is no attempt.
      expect(attempts.made).toBe(2);
      attempts.end();
      expect(held()).toEqual(NOTHING);
    });

    it('leaves the pool of the caller with it', () => {
      const pool: string[] = [A, B, C];
      const { env, told, chosen, left } = onItsWay({ backends: pool });
      pool.splice(pool.indexOf(chosen), 1);
      env.advance(25);
      expect(told.slice(1)).toEqual(left.map((id) => `send ${id}`));
    });

    it('stays where it is if its backend is only full by now', () => {
      const { balancer, env, told, chosen } = onItsWay({ guards: [maxInFlight(2)] });
      for (let i = 0; i < 6; i++) balancer.acquire(aRequest('/'));
      env.advance(25);
      expect(told.slice(1)).toEqual([`send ${chosen}`]);
    });

    it('fails with the last error if no backend is left', () => {
      const { balancer, env, told, errors, chosen, attempts, held } = onItsWay({ backends: [A, B] });
      balancer.remove(chosen);
      env.advance(25);
      expect(told.slice(1)).toEqual(['failed Error']);
      expect(errors).toMatchObject([{ message: 'broken', attempts: [{ reason: 'broken' }] }]);
      attempts.end();
      expect(held()).toEqual(NOTHING);
    });

    it('waits in the queue if the other backends are full', async () => {
      const { balancer, env, told, chosen, left } = onItsWay({ guards: [maxInFlight(1)], queue: true });
      const [other] = left as [string];
      const lease = balancer.acquire(aRequest('/'), { session: { backend: other } });
      expect(lease?.backend.id).toBe(other);
      balancer.markDown(chosen);
      env.advance(25);
      expect(told).toHaveLength(1);
      lease?.release();
      await settled();
      expect(told.slice(1)).toEqual([`send ${other}`]);
    });
  });

  it('waits at random, twice as long each time, up to a limit', () => {
    const { begin, env } = setUp({ failover: { minDelayMs: 10, maxDelayMs: 15 } });
    const waits: number[] = [];
    env.timers.schedule = (_, delayMs) => {
      waits.push(delayMs);
      return () => {};
    };
    for (let i = 0; i < 200; i++) {
      const { attempts } = begin();
      attempts.failed(broken(), 'sent');
      attempts.failed(broken(), 'sent');
      attempts.end();
    }
    const most = [0, 1].map((which) => Math.max(...waits.filter((_, i) => i % 2 === which)));
    expect(most[0]).toBeLessThanOrEqual(10);
    expect(most[0]).toBeGreaterThan(9);
    expect(most[1]).toBeLessThanOrEqual(15);
    expect(most[1]).toBeGreaterThan(14);
  });

  it.each(['end', 'abort'] as const)('is not made for a client that leaves meanwhile, by `%s`', (how) => {
    const client = new AbortController();
    const { begin, env, held, endings } = setUp();
    const { attempts, told } = begin({ signal: client.signal });
    expect(attempts.failed(broken(), 'sent')).toBe('retried');
    if (how === 'abort') client.abort();
    attempts.end(how === 'abort' ? undefined : 'cancelled');
    expect(attempts.failed(broken(), 'sent')).toBe('stands');
    env.advance(1_000);
    expect(told.slice(1)).toEqual(how === 'abort' ? ['failed AbortError'] : []);
    expect(held()).toEqual(NOTHING);
    expect(endings()).toEqual([
      [0, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ]);
  });
});

describe('a retry for which every other backend is busy', () => {
  const BUSY = { backends: [A, B], guards: [maxInFlight(1)], failover: { minDelayMs: 0, maxDelayMs: 0 } };

  it('waits in the queue, without its lease, so that two requests never wait for each other', async () => {
    const { begin, held, rules } = setUp({ ...BUSY, queue: true });
    const [one, two] = [begin(), begin()];
    expect(one.attempts.responded(503, true)).toBe('queued');
    expect(held()).toEqual([1, 1, 1, 1]);
    expect(two.attempts.responded(503, true)).toBe('retried');
    await settled();
    expect(one.told).toEqual([
      `send ${one.attempts.backend?.id === A ? B : A}`,
      `send ${one.attempts.backend?.id}`,
    ]);
    expect(rules.failover?.stats.retries.status).toBe(2);
    expect([one, two].map(({ attempts }) => attempts.responded(200, false))).toEqual(['stands', 'stands']);
    for (const { attempts } of [one, two]) attempts.end();
    expect(held()).toEqual(NOTHING);
  });

  it('counts the time in the queue as its wait', async () => {
    const { begin, env } = setUp({ ...BUSY, queue: true, failover: { minDelayMs: 100, maxDelayMs: 100 } });
    const random = env.random();
    Object.assign(env, { random: () => random });
    const [one, two] = [begin(), begin()];
    one.attempts.failed(broken(), 'sent');
    env.advance(100);
    two.attempts.end();
    await settled();
    expect([one.told.length, env.pendingTimers]).toEqual([2, 0]);
  });

  it('lets the result stand if the queue is full', () => {
    const { begin, held, rules } = setUp({ ...BUSY, queue: { limit: 0 } });
    const [one] = [begin(), begin()];
    expect(one.attempts.responded(503, true)).toBe('stands');
    expect(held()).toEqual([2, 0, 0, 0]);
    expect(rules.failover?.stats.retries.status).toBe(0);
  });

  it.each(['waits too long', 'has no backend left to wait for'])(
    'lets the result stand if it %s',
    async (what) => {
      const { begin, balancer, env, held, rules } = setUp({
        ...BUSY,
        queue: true,
        pool: { panicRatio: 1 },
      });
      const [one, two] = [begin(), begin()];
      const failure = new UpstreamError('gone');
      expect(one.attempts.failed(failure, 'sent')).toBe('queued');
      expect(failure.attempts).toEqual([]);
      if (what === 'waits too long') env.advance(3_000);
      else balancer.remove(two.attempts.backend?.id as string);
      await settled();
      expect(one.told[1]).toBe('stands');
      expect(failure.attempts).toHaveLength(1);
      expect(rules.failover?.stats.retries.error).toBe(0);
      one.attempts.end();
      two.attempts.end();
      expect(held()).toEqual(NOTHING);
    },
  );
});

describe('the attempts of an error', () => {
  it('are told, with the cause of each, however it was thrown', () => {
    const { begin, env } = setUp({ backends: [A, B] });
    const { attempts } = begin();
    attempts.responded(503, true);
    const first = attempts.backend?.id === A ? B : A;
    env.advance(25);
    const failed = new TypeError('fetch failed', { cause: new Error('refused') });
    expect(attempts.failed(failed, 'unsent')).toBe('stands');
    expect((failed as { attempts?: unknown }).attempts).toEqual([
      { backend: first, reason: 'status 503' },
      { backend: attempts.backend?.id, reason: 'fetch failed: refused' },
    ]);
    expect(Object.keys(failed)).not.toContain('attempts');
  });

  it('are told on our own errors without failover, and on no others', () => {
    const { begin } = setUp({ failover: false });
    const own = new UpstreamError('ours');
    begin().attempts.failed(own, 'sent');
    expect(own.attempts).toMatchObject([{ reason: 'ours' }]);
    const others = broken();
    begin().attempts.failed(others, 'sent');
    expect('attempts' in others).toBe(false);
  });

  it.each<[unknown]>([
    ['text'],
    [Object.freeze(new Error('frozen'))],
    [
      new Proxy(new Error(''), {
        get: () => {
          throw new Error('unreadable');
        },
      }),
    ],
  ])('do no harm to what takes none', (thrown) => {
    const { begin, held } = setUp({ backends: [A] });
    const { attempts } = begin();
    expect(attempts.failed(thrown, 'sent')).toBe('stands');
    attempts.end();
    expect(held()).toEqual(NOTHING);
  });
});

describe('a request that leaves a backend that has fallen ill', () => {
  const error = () => new Error('ill');

  it('goes to another one that is well, and counts as a retry', async () => {
    const { begin, balancer, env, held, rules } = setUp();
    const { attempts, told } = begin();
    const first = attempts.backend?.id as string;
    balancer.markDown(first);
    expect(attempts.leave(error())).toBe(true);
    expect(held()).toEqual([1, 1, 0, 1]);
    env.advance(1_000);
    expect(told).toHaveLength(2);
    expect(attempts.backend?.id).not.toBe(first);
    expect(rules.failover?.stats).toMatchObject({ retries: { error: 1 } });
    attempts.responded(200, false);
    attempts.end();
    expect(held()).toEqual(NOTHING);
  });

  it.each<[string, Setup, Partial<Sending>]>([
    ['a POST', {}, { method: 'POST' }],
    ['one whose body is not kept', {}, { canRepeat: false }],
    ['without failover', { failover: false }, {}],
    ['without retries', { failover: { retries: 0 } }, {}],
    ['beyond the budget', { failover: { budget: { ratio: 0, floor: 0 } } }, {}],
    ['with no other backend', { backends: [A] }, {}],
    ['with no other backend that has room', { backends: [A, B], guards: [maxInFlight(1)] }, {}],
  ])('stays where it must: %s', (what, options, sending) => {
    const { begin, balancer, env, held, rules } = setUp(options);
    const { attempts, told } = begin(sending);
    const others = what.includes('room') ? [begin()] : [];
    balancer.markDown(attempts.backend?.id as string);
    const before = held();
    expect(attempts.leave(error())).toBe(false);
    expect(held()).toEqual(before);
    env.advance(1_000);
    expect(told).toHaveLength(1);
    expect(rules.failover?.stats.declined ?? {}).not.toMatchObject({ budget: 1 });
    attempts.responded(200, false);
    attempts.end();
    for (const other of others) other.attempts.end();
    expect(held()).toEqual(NOTHING);
  });

  it('stays if the others are ill, too', () => {
    const { begin, balancer, held } = setUp({ backends: [A, B] });
    const { attempts } = begin();
    balancer.markDown(A);
    balancer.markDown(B);
    expect(attempts.leave(error())).toBe(false);
    attempts.end();
    expect(held()).toEqual(NOTHING);
  });

  it('gives its place in the budget back for the next one', () => {
    const { begin, balancer, env, held } = setUp({ failover: { budget: { ratio: 0, floor: 1 } } });
    const { attempts } = begin();
    attempts.failed(broken(), 'sent');
    env.advance(1_000);
    balancer.markDown(attempts.backend?.id as string);
    expect(attempts.leave(error())).toBe(false);
    attempts.responded(200, false);
    attempts.end();
    expect(held()).toEqual(NOTHING);
  });
});
