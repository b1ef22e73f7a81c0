import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { abortError, checkTimeout, MAX_TIMEOUT_MS, withDeadline } from '../src/deadline.ts';
import { CancelledError, UpstreamTimeoutError } from '../src/errors.ts';
import { TestEnv } from './support.ts';

/** How many listeners a signal has. */
const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

/** Some work whose end is in the test's hands. */
function openWork() {
  let resolve: (value: string) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const signals: AbortSignal[] = [];
  const promise = new Promise<string>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  const work = (signal: AbortSignal) => {
    signals.push(signal);
    return promise;
  };
  return { work, signals, resolve, reject };
}

function setUp({ timeoutMs, withSignal = true }: { timeoutMs?: number; withSignal?: boolean } = {}) {
  const env = new TestEnv();
  const controller = new AbortController();
  const signal = withSignal ? controller.signal : undefined;
  const job = openWork();
  const start = () => withDeadline(job.work, { signal, timeoutMs, timers: env.timers });
  /** What may stay behind. */
  const left = () => ({ timers: env.pendingTimers, listeners: listenersOf(controller.signal) });
  return { env, controller, start, left, ...job };
}

const NOTHING = { timers: 0, listeners: 0 };

describe('work that ends in time', () => {
  it('gives its result, and leaves no timer and no listener by the time its caller hears of it', async () => {
    const { start, left, resolve, signals } = setUp({ timeoutMs: 100 });
    const pending = start();
    expect(left()).toEqual({ timers: 1, listeners: 1 });
    resolve('done');
    expect(await pending.then((value) => ({ value, ...left() }))).toEqual({ value: 'done', ...NOTHING });
    expect(signals).toHaveLength(1);
    expect(signals[0]?.aborted).toBe(false);
  });

  it('gives its error as it is, and leaves no timer and no listener by the time its caller hears of it', async () => {
    const { start, left, reject } = setUp({ timeoutMs: 100 });
    const pending = start();
    const error = new Error('boom');
    reject(error);
    expect(await pending.catch((thrown) => ({ thrown, ...left() }))).toEqual({ thrown: error, ...NOTHING });
  });

  it('gives what is thrown at once as a rejection, and tidies up', async () => {
    const env = new TestEnv();
    const controller = new AbortController();
    const error = new Error('boom');
    const fail = () => {
      throw error;
    };
    const pending = withDeadline(fail, { signal: controller.signal, timeoutMs: 100, timers: env.timers });
    await expect(pending).rejects.toBe(error);
    expect(env.pendingTimers).toBe(0);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  it('gives a result that is no promise', async () => {
    const work = (() => 'done') as unknown as () => Promise<string>;
    await expect(withDeadline(work, { timers: new TestEnv().timers })).resolves.toBe('done');
  });

  it('starts the work before it returns', () => {
    const { start, signals, resolve } = setUp();
    void start();
    expect(signals).toHaveLength(1);
    resolve('done');
  });

  it('sets no timer without a timeout', async () => {
    const { env, start, resolve } = setUp();
    const pending = start();
    expect(env.pendingTimers).toBe(0);
    env.advance(MAX_TIMEOUT_MS);
    resolve('done');
    await expect(pending).resolves.toBe('done');
  });

  it('is not aborted afterwards', async () => {
    const { env, controller, start, resolve, signals } = setUp({ timeoutMs: 100 });
    const pending = start();
    resolve('done');
    await pending;
    env.advance(1_000);
    controller.abort();
    expect(signals[0]?.aborted).toBe(false);
  });
});

describe('work that takes too long', () => {
  it('ends in an UpstreamTimeoutError exactly when the time is up', async () => {
    const { env, start, left, signals } = setUp({ timeoutMs: 100 });
    const pending = start();
    env.advance(99);
    expect(signals[0]?.aborted).toBe(false);
    env.advance(1);
    const error: unknown = await pending.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UpstreamTimeoutError);
    expect(error).toMatchObject({
      code: 'ERR_LB_TIMEOUT',
      status: 504,
      message: 'no response within 100 ms',
    });
    expect(left()).toEqual(NOTHING);
  });

  it('sees its signal aborted with that error', async () => {
    const { env, start, signals } = setUp({ timeoutMs: 100 });
    const pending = start();
    env.advance(100);
    expect(signals[0]?.aborted).toBe(true);
    expect(signals[0]?.reason).toBe(await pending.catch((thrown) => thrown));
  });

  it.each(['resolve', 'reject'] as const)('is left behind: a late %s goes nowhere', async (how) => {
    const { env, start, ...job } = setUp({ timeoutMs: 100 });
    const pending = start();
    env.advance(100);
    // An unhandled rejection would fail the run.
    job[how]('late');
    await expect(pending).rejects.toBeInstanceOf(UpstreamTimeoutError);
  });

  it('keeps to the first end when the client leaves afterwards', async () => {
    const { env, controller, start, signals } = setUp({ timeoutMs: 100 });
    const pending = start();
    env.advance(100);
    controller.abort(new Error('gone'));
    await expect(pending).rejects.toBeInstanceOf(UpstreamTimeoutError);
    expect(signals[0]?.reason).toBeInstanceOf(UpstreamTimeoutError);
  });

  it("leaves the caller's signal alone", async () => {
    const { env, controller, start } = setUp({ timeoutMs: 100 });
    const pending = start();
    env.advance(100);
    await expect(pending).rejects.toThrow();
    expect(controller.signal.aborted).toBe(false);
  });
});

describe('a client that leaves', () => {
  it("ends the work at once with the signal's reason", async () => {
    const { controller, start, left, signals } = setUp({ timeoutMs: 100 });
    const pending = start();
    const reason = new Error('gone');
    controller.abort(reason);
    expect(signals[0]?.reason).toBe(reason);
    expect(left()).toEqual(NOTHING);
    await expect(pending).rejects.toBe(reason);
  });

  it('before the start: the work is never begun', async () => {
    const { controller, start, left, signals } = setUp({ timeoutMs: 100 });
    const reason = new Error('gone');
    controller.abort(reason);
    await expect(start()).rejects.toBe(reason);
    expect(signals).toEqual([]);
    expect(left()).toEqual(NOTHING);
  });

  it.each(['resolve', 'reject'] as const)('does not hear of a late %s', async (how) => {
    const { controller, start, ...job } = setUp();
    const pending = start();
    controller.abort();
    job[how]('late');
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('makes the time stop', async () => {
    const { env, controller, start, signals } = setUp({ timeoutMs: 100 });
    const pending = start();
    controller.abort(new Error('gone'));
    env.advance(1_000);
    expect(signals[0]?.reason).toMatchObject({ message: 'gone' });
    await expect(pending).rejects.toThrow('gone');
  });
});

describe('one signal for many pieces of work', () => {
  it('gathers no listeners', async () => {
    const env = new TestEnv();
    const controller = new AbortController();
    const endings = [
      () => Promise.resolve('a'),
      () => Promise.reject(new Error('b')),
      () => {
        throw new Error('c');
      },
      () => new Promise<string>(() => {}),
    ];
    for (let i = 0; i < 1_000; i++) {
      const work = endings[i % endings.length] as () => Promise<string>;
      const pending = withDeadline(work, { signal: controller.signal, timeoutMs: 10, timers: env.timers });
      if (i % endings.length === 3) env.advance(10);
      await pending.catch(() => {});
    }
    expect(listenersOf(controller.signal)).toBe(0);
    expect(env.pendingTimers).toBe(0);
  });
});

describe('abortError', () => {
  it('is the reason where that is an Error', () => {
    const reason = new RangeError('gone');
    expect(abortError(AbortSignal.abort(reason))).toBe(reason);
    expect(abortError(AbortSignal.abort())).toMatchObject({ name: 'AbortError' });
  });

  it.each([['gone'], [null], [0], [{ why: 'gone' }]])('is a CancelledError that carries %j', (reason) => {
    const error = abortError(AbortSignal.abort(reason));
    expect(error).toBeInstanceOf(CancelledError);
    expect(error).toMatchObject({ code: 'ERR_LB_CANCELLED', status: 499, cause: reason });
  });
});

describe('checkTimeout', () => {
  it.each([[undefined], [1], [0.5], [Number.MIN_VALUE], [30_000], [MAX_TIMEOUT_MS]])(
    'takes %s',
    (timeoutMs) => {
      expect(() => checkTimeout(timeoutMs, 'timeoutMs')).not.toThrow();
    },
  );

  it.each<[unknown, string]>([
    [0, '0'],
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [MAX_TIMEOUT_MS + 1, '2147483648'],
    [null, 'null'],
    ['100', '"100"'],
    [true, 'true'],
    [[100], '[100]'],
  ])('throws for %o, naming the option and the value', (timeoutMs, got) => {
    expect(() => checkTimeout(timeoutMs as number, 'timeoutMs')).toThrow(
      new RangeError(`timeoutMs must be a number of milliseconds above 0 and up to 2147483647, got ${got}`),
    );
  });
});
