import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AcquireOptions } from '../../src/balancer/decisions.ts';
import { LoadbalancerError, OverloadedError } from '../../src/errors.ts';
import {
  Balancer,
  type BalancerOptions,
  type GuardFactory,
  type Lease,
  type Session,
} from '../../src/index.ts';
import { LeaseQueue, type LeaseQueueOptions } from '../../src/traffic/lease-queue.ts';
import { TestEnv } from '../support.ts';

const [A, B, C] = ['http://a', 'http://b', 'http://c'] as const;

/** So many requests in flight for each backend, the rest has to wait. */
const cap =
  (limit: number): GuardFactory =>
  ({ bar }) => ({
    isHealth: false,
    isBusy: true,
    dueAt: Number.POSITIVE_INFINITY,
    started: ({ backend }) => void bar(backend, backend.inFlight >= limit),
    finished: ({ backend }) => void bar(backend, backend.inFlight >= limit),
    verdict: () => 'full',
  });

/** After each request, a backend rests for a while. */
const rest =
  (ms: number): GuardFactory =>
  ({ bar, clock }) => {
    const until = new Map<Parameters<typeof bar>[0], number>();
    return {
      isHealth: false,
      isBusy: true,
      get dueAt() {
        return Math.min(Number.POSITIVE_INFINITY, ...until.values());
      },
      advance(now) {
        for (const [backend, at] of until) if (at <= now) until.delete(backend) && bar(backend, false);
      },
      started: ({ backend }) => {
        bar(backend, true);
        until.set(backend, clock.now() + ms);
      },
      verdict: () => 'rests',
    };
  };

/** A lease, at once or after a wait that a signal may end. */
function acquire(
  balancer: Balancer<string>,
  queue: LeaseQueue<string>,
  { signal, request, ...options }: AcquireOptions & { request: string; signal?: AbortSignal | undefined },
): Promise<Lease | undefined> {
  return new Promise((resolve, reject) => {
    const lease = queue.tryAcquire(request, options);
    if (lease !== undefined || !balancer.isBusy(options.tried)) {
      resolve(lease);
      return;
    }
    const leave = queue.wait({
      request,
      options,
      ended: (got, error) => (error === undefined ? resolve(got) : reject(error)),
    });
    if (leave === undefined) reject(queue.overloaded());
    signal?.addEventListener('abort', () => {
      leave?.();
      reject(signal.reason);
    });
  });
}

interface Setup extends LeaseQueueOptions, BalancerOptions<string> {
  readonly backends?: string[];
}

function setUp({ backends: pool = [A], limit, timeoutMs, ...options }: Setup = {}) {
  const env = new TestEnv();
  const balancer = new Balancer(pool, { guards: [cap(1)], strategy: 'round-robin', ...options, env });
  const given = {
    ...(limit === undefined ? {} : { limit }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  const queue = new LeaseQueue(balancer, { ...given, timers: env.timers, clock: env.clock });
  const got: string[] = [];
  const leases = new Map<string, Lease>();
  /** Asks for a lease and notes what came of it. */
  const ask = (name: string, tried: string[] = [], session?: Session, signal?: AbortSignal) => {
    // Reading the backends would follow the caller's array.
    const backends = tried.length === 0 ? [] : balancer.backends.filter(({ id }) => tried.includes(id));
    const asked = acquire(balancer, queue, { request: name, tried: backends, session, signal });
    void asked.then(
      (lease) => {
        got.push(`${name} ${lease?.backend.id ?? 'nobody'}`);
        if (lease !== undefined) leases.set(name, lease);
      },
      (error) => got.push(`${name} ${error.code ?? error.message}`),
    );
    return asked;
  };
  const release = async (name: string) => {
    leases.get(name)?.release();
    await settled();
  };
  return { env, balancer, queue, got, ask, release };
}

/** Lets everything happen that needs no time. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await null;
}

describe('an array that cannot be read any more', () => {
  it('ends the wait when its time is up, as ever', async () => {
    const { proxy, revoke } = Proxy.revocable([A], {});
    const { env, got, ask } = setUp({ backends: proxy, timeoutMs: 100 });
    void ask('one');
    void ask('two').catch(() => {});
    await settled();
    revoke();
    env.advance(100);
    await settled();
    expect(got).toEqual([`one ${A}`, 'two ERR_LB_OVERLOADED']);
  });
});

describe('a free place', () => {
  it('is given at once, before acquire returns', async () => {
    const { balancer, queue, ask } = setUp();
    const asked = ask('x');
    expect(balancer.stats().inFlight).toBe(1);
    expect((await asked)?.backend.id).toBe(A);
    expect(queue.stats).toEqual({
      depth: 0,
      served: 0,
      timedOut: 0,
      cancelled: 0,
      abandoned: 0,
      refused: 0,
      waitMs: { sum: 0, max: 0 },
    });
  });

  it('goes to those who wait, first come, first served', async () => {
    const { queue, got, ask, release } = setUp();
    for (const name of ['1', '2', '3', '4']) void ask(name);
    await settled();
    expect(got).toEqual([`1 ${A}`]);
    expect(queue.depth).toBe(3);
    for (const name of ['1', '2', '3']) await release(name);
    expect(got).toEqual(['1', '2', '3', '4'].map((name) => `${name} ${A}`));
    expect(queue.depth).toBe(0);
  });

  it('goes to somebody who waits and not to somebody who comes in the same turn', async () => {
    const { got, ask, release } = setUp();
    void ask('1');
    void ask('2');
    await settled();
    const released = release('1');
    void ask('3');
    await released;
    expect(got).toEqual([`1 ${A}`, `2 ${A}`]);
  });

  it('that came with a weight above 0 goes to somebody who waits', async () => {
    const { balancer, got, ask } = setUp({ backends: [A, B] });
    balancer.setWeight(B, 0);
    void ask('1');
    void ask('2');
    await settled();
    balancer.setWeight(B, 1);
    void ask('3');
    await settled();
    expect(got).toEqual([`1 ${A}`, `2 ${B}`]);
  });

  it('that came by a longer array goes to somebody who waits, not to who made it noticed', async () => {
    const pool: string[] = [A];
    const { got, ask } = setUp({ backends: pool });
    for (const name of ['1', '2']) void ask(name);
    pool.push(B);
    void ask('3');
    await settled();
    expect(got).toEqual([`1 ${A}`, `2 ${B}`]);
  });

  it('is used when a backend comes up, is resumed, is added', async () => {
    const { balancer, got, ask } = setUp({ backends: [A, B, C], pool: { panicRatio: 1 } });
    balancer.markDown(B);
    void balancer.drain(C);
    for (const name of ['1', '2', '3', '4']) void ask(name);
    await settled();
    expect(got).toEqual([`1 ${A}`]);
    balancer.markUp(B);
    await settled();
    expect(got).toEqual([`1 ${A}`, `2 ${B}`]);
    balancer.resume(C);
    await settled();
    expect(got[2]).toBe(`3 ${C}`);
    balancer.add('http://d');
    await settled();
    expect(got[3]).toBe('4 http://d');
  });

  it('is used when the balancer is due to change by itself, without anything else happening', async () => {
    const { env, got, ask } = setUp({ guards: [rest(100)] });
    for (const name of ['1', '2', '3']) void ask(name);
    await settled();
    env.advance(99);
    await settled();
    expect(got).toEqual([`1 ${A}`]);
    env.advance(1);
    await settled();
    expect(got).toEqual([`1 ${A}`, `2 ${A}`]);
    env.advance(100);
    await settled();
    expect(got).toHaveLength(3);
    expect(env.pendingTimers).toBe(0);
  });

  it('is used when a backend that failed a trial may be tried again, without anything else happening', async () => {
    const env = new TestEnv();
    const balancer = new Balancer<string>([A, B], { guards: [cap(1)], env });
    const queue = new LeaseQueue<string>(balancer, env);
    balancer.markDown(B);
    balancer.acquire('stays');
    const trial = balancer.acquire('x', { repeatable: true });
    expect([trial?.backend.id, trial?.isTrial]).toEqual([B, true]);
    trial?.release('failure');
    const served: (string | undefined)[] = [];
    queue.wait({
      request: 'x',
      options: { repeatable: true },
      ended: (lease) => served.push(lease?.backend.id),
    });
    env.advance(999);
    expect(served).toEqual([]);
    env.advance(1);
    expect(served).toEqual([B]);
  });

  it('that becomes free at the very moment when the time is up still counts', async () => {
    const { env, queue, got, ask } = setUp({ guards: [rest(3_000)] });
    for (const name of ['1', '2']) void ask(name);
    env.advance(3_000);
    await settled();
    expect(got).toEqual([`1 ${A}`, `2 ${A}`]);
    expect(queue.stats).toMatchObject({ served: 1, timedOut: 0, waitMs: { sum: 3_000 } });
  });

  it('of no use to the first who waits is given to the next one who can use it', async () => {
    const { got, ask, release } = setUp({ backends: [A, B] });
    void ask('on a', [B]);
    void ask('on b', [A]);
    await settled();
    void ask('not a', [A]);
    void ask('any');
    void ask('not b', [B]);
    await settled();
    await release('on a');
    expect(got.slice(2)).toEqual([`any ${A}`]);
    await release('any');
    expect(got.slice(3)).toEqual([`not b ${A}`]);
    await release('on b');
    expect(got.slice(4)).toEqual([`not a ${B}`]);
  });

  it('on a draining backend is given to its own session alone, past those before it', async () => {
    const { balancer, got, ask, release } = setUp({ backends: [A, B] });
    const onB = { backend: B };
    void ask('1', [B]);
    void ask('2', [], onB);
    await settled();
    void balancer.drain(B);
    void ask('3');
    void ask('4', [], onB);
    void ask('5', [], onB);
    await settled();
    expect(got).toEqual([`1 ${A}`, `2 ${B}`]);
    await release('2');
    expect(got.slice(2)).toEqual([`4 ${B}`]);
    await release('1');
    expect(got.slice(3)).toEqual([`3 ${A}`]);
  });
});

describe('waiting', () => {
  it('is of no use where nobody is busy: in an empty pool, and where everybody was tried', async () => {
    expect(await setUp({ backends: [] }).ask('x')).toBeUndefined();
    const { ask } = setUp({ backends: [A] });
    void ask('1');
    expect(await ask('2', [A])).toBeUndefined();
  });

  it('ends when nobody is left to wait for', async () => {
    const { balancer, queue, got, ask } = setUp({ backends: [A, B] });
    for (const name of ['1', '2', '3', '4']) void ask(name);
    void ask('5', [A]);
    await settled();
    balancer.remove(B);
    await settled();
    expect(got.slice(2)).toEqual(['5 nobody']);
    balancer.remove(A);
    await settled();
    expect(got.slice(3)).toEqual(['3 nobody', '4 nobody']);
    expect(queue.stats).toMatchObject({ depth: 0, abandoned: 3 });
  });

  it('ends when the time is up, with the error that says so', async () => {
    const { env, queue, ask, release } = setUp({ timeoutMs: 500 });
    void ask('1');
    const second = ask('2').catch((error: unknown) => error);
    env.advance(200);
    const third = ask('3').catch((error: unknown) => error);
    env.advance(300);
    const error = (await second) as OverloadedError;
    expect(error).toBeInstanceOf(OverloadedError);
    expect(error).toBeInstanceOf(LoadbalancerError);
    expect(error).toMatchObject({ code: 'ERR_LB_OVERLOADED', status: 503, retryAfterMs: 500 });
    expect(error.message).toBe('every backend was busy for 500 ms');
    env.advance(199);
    await release('1');
    expect(await third).toMatchObject({ backend: { id: A } });
    expect(queue.stats).toMatchObject({ timedOut: 1, served: 1, waitMs: { sum: 499, max: 499 } });
  });

  it('takes 3 s at the most by default', async () => {
    const { env, got, ask } = setUp();
    for (const name of ['1', '2']) void ask(name);
    env.advance(2_999);
    await settled();
    expect(got).toHaveLength(1);
    env.advance(1);
    await settled();
    expect(got[1]).toBe('2 ERR_LB_OVERLOADED');
  });

  it('is refused at once where the queue is full: 100 for each backend by default', async () => {
    const { queue, got, ask } = setUp({ backends: [A, B] });
    for (let i = 0; i < 202; i++) void ask(String(i));
    await settled();
    expect(got).toEqual([`0 ${A}`, `1 ${B}`]);
    const error = await ask('one too many').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_LB_OVERLOADED', status: 503, retryAfterMs: 3_000 });
    expect(String(error)).toBe('OverloadedError: every backend is busy and the queue is full');
    expect(queue.stats).toMatchObject({ depth: 200, refused: 1 });
  });

  it('is refused at once with a limit of 0', async () => {
    const { ask } = setUp({ limit: 0 });
    void ask('1');
    await expect(ask('2')).rejects.toThrow(OverloadedError);
  });

  it('ends when the client leaves, who is never served', async () => {
    const { balancer, queue, env, got, ask, release } = setUp();
    const client = new AbortController();
    void ask('1');
    const second = ask('2', [], undefined, client.signal);
    void ask('3');
    await settled();
    client.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    expect(queue.depth).toBe(1);
    await release('1');
    expect(got.slice(2)).toEqual([`3 ${A}`]);
    await release('3');
    expect(balancer.stats().inFlight).toBe(0);
    expect(queue.stats).toMatchObject({ depth: 0, cancelled: 1, served: 1 });
    expect(env.pendingTimers).toBe(0);
  });

  it('leaves nothing behind: no timer, no listener on the balancer', async () => {
    const { balancer, env, ask, release } = setUp();
    let listening = 0;
    const counted =
      <L>(listen: (listener: L) => () => void) =>
      (listener: L) => {
        const end = listen(listener);
        listening++;
        return () => {
          listening--;
          end();
        };
      };
    balancer.whenReleased = counted(balancer.whenReleased.bind(balancer));
    balancer.subscribe = counted(balancer.subscribe.bind(balancer));
    void ask('1');
    expect([listening, env.pendingTimers]).toEqual([0, 0]);
    void ask('2');
    void ask('3');
    await settled();
    expect([listening, env.pendingTimers]).toEqual([2, 2]);
    await release('1');
    await release('2');
    expect([listening, env.pendingTimers]).toEqual([0, 0]);
  });

  it('sets no alarm for nobody', async () => {
    const { env, ask } = setUp({ guards: [rest(100)] });
    const client = new AbortController();
    void ask('1');
    void ask('2', [], undefined, client.signal);
    expect(env.pendingTimers).toBe(2);
    client.abort();
    expect(env.pendingTimers).toBe(0);
  });

  it('passes on what the balancer throws, to that one alone', async () => {
    let isBroken = false;
    const key = (name: string) => {
      if (isBroken && name === '2') throw new Error('no key');
      return name;
    };
    const { balancer, got, ask, release } = setUp({ key });
    for (const name of ['1', '2', '3']) void ask(name);
    await settled();
    isBroken = true;
    await release('1');
    expect(got.slice(1)).toEqual(['2 no key', `3 ${A}`]);
    isBroken = false;
    await release('3');
    expect(balancer.stats().inFlight).toBe(0);
  });

  it('costs no more than one look at the pool for each turn, however many wait', async () => {
    const { balancer, queue, got, ask, release } = setUp({ backends: [A, B], limit: 1_000 });
    for (let i = 0; i < 2_000; i++) void ask(String(i), [], i % 2 === 0 ? { backend: A } : undefined);
    await settled();
    let looks = 0;
    const original = balancer.acquire.bind(balancer);
    balancer.acquire = (...args) => {
      looks++;
      return original(...args);
    };
    await release('0');
    expect(got).toHaveLength(3);
    expect(queue.depth).toBe(1_997);
    expect(looks).toBeLessThanOrEqual(4);
  });
});

describe('the options', () => {
  const make = (options: LeaseQueueOptions) => () => {
    const env = new TestEnv();
    return new LeaseQueue(new Balancer([A], { env }), { ...options, timers: env.timers, clock: env.clock });
  };

  it.each([-1, 1.5, Number.NaN, 100_001, '5' as unknown as number])('refuse a limit of %s', (limit) => {
    expect(make({ limit })).toThrow(/^queue\.limit must be an integer from 0 to 100000, got /);
  });

  it.each([0, -1, Number.NaN, 2 ** 31])('refuse a timeout of %s', (timeoutMs) => {
    expect(make({ timeoutMs })).toThrow(/^queue\.timeoutMs must be a number of milliseconds/);
  });
});

it('keeps its promises whatever happens: one ending each, no lease lost, no cap broken, in order', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), tried: fc.subarray([A, B]) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), at: fc.nat() }) },
    fc.record({ do: fc.constant('abort' as const), at: fc.nat() }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ do: fc.constantFrom('down' as const, 'up' as const), id: fc.constantFrom(A, B, C) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { env, balancer, queue } = setUp({
        backends: [A, B, C],
        guards: [cap(2)],
        timeoutMs: 1_000,
        limit: 5,
        pool: { panicRatio: 1 },
      });
      const held: Lease[] = [];
      const clients: AbortController[] = [];
      const endings: number[] = [];
      /** Numbers of those who were served among those who had tried nobody, in order. */
      const served: number[] = [];
      for (const one of steps) {
        if (one.do === 'ask') {
          const client = new AbortController();
          const number = clients.push(client) - 1;
          endings.push(0);
          const tried = balancer.backends.filter(({ id }) => one.tried.includes(id as typeof A));
          void acquire(balancer, queue, {
            request: String(number),
            tried,
            session: undefined,
            signal: client.signal,
          })
            .then((lease) => {
              if (lease === undefined) return;
              held.push(lease);
              if (tried.length === 0) served.push(number);
            })
            .catch((error: unknown) => {
              if (!(error instanceof LoadbalancerError) && (error as Error).name !== 'AbortError')
                throw error;
            })
            .finally(() => void endings[number]!++);
        } else if (one.do === 'release') held.splice(one.at % (held.length || 1), 1)[0]?.release();
        else if (one.do === 'abort') clients[one.at % (clients.length || 1)]?.abort();
        else if (one.do === 'wait') env.advance(one.ms);
        else balancer[one.do === 'down' ? 'markDown' : 'markUp'](one.id);
        await settled();
        for (const { inFlight } of balancer.backends) expect(inFlight).toBeLessThanOrEqual(2);
        expect(balancer.stats().inFlight).toBe(held.length);
        expect(queue.depth).toBeLessThanOrEqual(15);
      }
      env.advance(1_000);
      await settled();
      expect(endings).toEqual(clients.map(() => 1));
      expect(served).toEqual([...served].sort((a, b) => a - b));
      expect(queue.depth).toBe(0);
      expect(env.pendingTimers).toBe(0);
    }),
    { numRuns: 100 },
  );
});
