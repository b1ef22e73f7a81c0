import { afterEach, describe, expect, it } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.ts';
import type { BackendPoolEntry, HTTPService, Request, SendOptions } from '../../src/contracts.ts';
import type { Env } from '../../src/env.ts';
import { HealthChecker } from '../../src/health/health-checker.ts';
import type { HealthCheckOptions } from '../../src/health/health-options.ts';
import { TestEnv } from '../support.ts';

const A = 'http://10.0.0.1';
const B = 'http://10.0.0.2';
const OK = { status: 200, data: '' };
const HUNG = () => new Promise(() => {});

/** A check as it went out. */
interface Sent {
  at: number;
  id: string;
  url: string;
  request: Request;
  signal: AbortSignal | undefined;
}

const checkers: HealthChecker[] = [];
afterEach(() => {
  for (const checker of checkers.splice(0)) checker.close();
});

function setUp(options: HealthCheckOptions = {}, pool: BackendPoolEntry[] = [A]) {
  const test = new TestEnv();
  const foreground: number[] = [];
  const env: Env = {
    clock: test.clock,
    random: test.random,
    timers: {
      schedule(callback, delayMs, background = false) {
        if (!background) foreground.push(delayMs);
        return test.timers.schedule(callback, delayMs);
      },
    },
  };
  const sent: Sent[] = [];
  /** What each backend answers: a value, or a function that makes it. */
  const answers = new Map<string, unknown>();
  const service: HTTPService = {
    sendRequest(url: string, request: Request, send?: SendOptions) {
      const id = new URL(url).origin;
      sent.push({ at: test.nowMs, id, url, request, signal: send?.signal });
      const answer = answers.get(id) ?? OK;
      return typeof answer === 'function' ? answer(send?.signal) : Promise.resolve(answer);
    },
  };
  const balancer = new Balancer(pool, { strategy: 'least-workload', pool: { panicRatio: 1 }, env });
  const turns: string[] = [];
  balancer.subscribe((event) => {
    if (event.type === 'up' || event.type === 'down')
      turns.push(`${event.type} ${event.backend} ${test.nowMs}`);
  });
  const checker = new HealthChecker(balancer, service, { env, ...options });
  checkers.push(checker);
  const flush = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    env: test,
    balancer,
    checker,
    sent,
    answers,
    turns,
    foreground,
    pool,
    /** Lets time pass, and promises settle in between. */
    async pass(ms: number, stepMs = 50) {
      for (const until = test.nowMs + ms; test.nowMs < until; ) {
        test.advance(Math.min(stepMs, until - test.nowMs));
        await flush();
      }
    },
    isDown: (id = A) => balancer.stats().backends.find((one) => one.id === id)?.state === 'down',
    times: (id = A) => sent.filter((one) => one.id === id).map(({ at }) => at),
    failure: (id = A) => checker.stats().backends.find((one) => one.id === id)?.failure,
  };
}

const gaps = (times: number[]) => times.slice(1).map((at, i) => at - (times[i] as number));

describe('an array that cannot be read any more', () => {
  it('leaves its backends under watch', async () => {
    const { proxy, revoke } = Proxy.revocable<BackendPoolEntry[]>([A], {});
    const { pass, times } = setUp({ intervalMs: 1_000 }, proxy);
    await pass(500);
    revoke();
    await pass(5_000);
    expect(times().length).toBeGreaterThan(3);
  });
});

describe('a check', () => {
  it('asks for /health with GET, at the base URL of the backend, with a signal', async () => {
    const { sent, pass } = setUp({}, [`${A}/shop/`]);
    await pass(1_000);
    expect(sent).toMatchObject([
      { url: `${A}/shop/health`, request: { path: '/health', method: 'GET', payload: '' } },
    ]);
    expect(sent[0]?.request).not.toHaveProperty('headers');
    expect(sent[0]?.signal).toBeInstanceOf(AbortSignal);
    expect(sent[0]?.signal?.aborted).toBe(false);
  });

  it('asks as it is told', async () => {
    const { sent, pass } = setUp({
      request: { path: '/ready?full=1', method: 'HEAD', headers: { host: 'shop' } },
    });
    await pass(1_000);
    expect(sent).toMatchObject([
      {
        url: `${A}/ready?full=1`,
        request: { path: '/ready?full=1', method: 'HEAD', headers: { host: 'shop' } },
      },
    ]);
  });

  it('has an id of its own', async () => {
    const { sent, pass } = setUp({}, [A, B]);
    await pass(60_000);
    expect(new Set(sent.map(({ request }) => request.id)).size).toBe(sent.length);
  });

  it.each<[string, unknown, boolean]>([
    ['200', OK, true],
    ['399', { status: 399, data: '' }, true],
    ['404', { status: 404, data: '' }, false],
    ['500', { status: 500, data: '' }, false],
    ['an Error', () => Promise.reject(new Error('refused')), false],
    ['a rejection with nothing', () => Promise.reject(undefined), false],
    [
      'a synchronous throw',
      () => {
        throw new Error('boom');
      },
      false,
    ],
    ['no answer at all', () => Promise.resolve(undefined), false],
    ['something that is no promise', () => OK, true],
    ['a status that is none', { status: '200', data: '' }, false],
    ['an answer without data', { status: 200 }, true],
  ])('counts %s as it should', async (_, answer, succeeds) => {
    const { answers, isDown, pass, failure } = setUp();
    answers.set(A, answer);
    await pass(1_500);
    expect(isDown()).toBe(!succeeds);
    expect(failure() === undefined).toBe(succeeds);
  });

  it('tells why it failed', async () => {
    const { answers, pass, failure } = setUp({ thresholds: { fall: 1 } });
    await pass(1_000);
    expect(failure()).toBeUndefined();
    answers.set(A, { status: 500, data: '' });
    await pass(11_000);
    expect(failure()).toBe('status 500');
    answers.set(A, () => Promise.reject(new Error('refused')));
    await pass(11_000);
    expect(failure()).toBe('refused');
    answers.set(A, HUNG);
    await pass(14_000);
    expect(failure()).toBe('no response within 2000 ms');
    answers.set(A, OK);
    await pass(11_000);
    expect(failure()).toBeUndefined();
  });

  it('looks at the statuses and the body that it is told to', async () => {
    const options = { expect: { statuses: [503], body: (body: string) => body === 'asleep' } };
    const { answers, isDown, pass } = setUp(options, [A, B]);
    answers.set(A, { status: 503, data: 'asleep' });
    answers.set(B, { status: 503, data: 'awake' });
    await pass(1_000);
    expect([isDown(A), isDown(B)]).toEqual([false, true]);
  });

  it('fails where what looks at status or body throws', async () => {
    const boom = () => {
      throw new Error('boom');
    };
    for (const options of [{ expect: { body: boom } }, { expect: { statuses: boom } }]) {
      const { isDown, pass, failure } = setUp(options);
      await pass(1_000);
      expect([isDown(), failure()]).toEqual([true, 'boom']);
    }
  });

  it('shows 65,536 characters of the body at the most', async () => {
    const lengths: number[] = [];
    const body = (text: string) => lengths.push(text.length) > 0;
    const { answers, pass } = setUp({ expect: { body } }, [A, B]);
    answers.set(A, { status: 200, data: 'x'.repeat(1_000_000) });
    answers.set(B, { status: 200, data: undefined });
    await pass(1_000);
    expect(lengths.sort()).toEqual([0, 65_536]);
  });
});

describe('the first check', () => {
  it('decides alone: one failure takes a backend out', async () => {
    const { answers, turns, pass, times } = setUp({ thresholds: { fall: 5 } });
    answers.set(A, { status: 500, data: '' });
    await pass(1_000);
    expect(times()).toHaveLength(1);
    expect(turns).toHaveLength(1);
  });

  it('brings one back that another checker left down', async () => {
    const { balancer, isDown, pass } = setUp();
    balancer.markDown(A);
    await pass(1_000);
    expect(isDown()).toBe(false);
  });

  it('comes within a second of the start, not for all at the same time', async () => {
    const pool = Array.from({ length: 50 }, (_, i) => `http://10.0.1.${i}`);
    const { sent, pass } = setUp({}, pool);
    expect(sent).toEqual([]);
    await pass(1_000);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(50);
    expect(new Set(sent.map(({ at }) => Math.floor(at / 100))).size).toBe(10);
  });

  it('comes sooner where the interval is short', async () => {
    const pool = Array.from({ length: 20 }, (_, i) => `http://10.0.1.${i}`);
    const { sent, env } = setUp({ intervalMs: 100 }, pool);
    env.advance(10);
    expect(sent).toHaveLength(20);
  });
});

describe('the interval', () => {
  it('is 10 s from start to start, with 10 % jitter both ways, however long the answer takes', async () => {
    const { env, answers, pass, times } = setUp();
    answers.set(A, (signal: AbortSignal) => {
      return new Promise((resolve) => env.timers.schedule(() => signal.aborted || resolve(OK), 1_900));
    });
    await pass(3_000_000, 100);
    const seen = gaps(times());
    expect(seen.length).toBeGreaterThan(280);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(9_000);
    expect(Math.max(...seen)).toBeLessThan(11_000);
    // Uniform: both ends are reached, and the mean is the interval.
    expect(Math.min(...seen)).toBeLessThan(9_100);
    expect(Math.max(...seen)).toBeGreaterThan(10_900);
    expect(seen.reduce((sum, gap) => sum + gap) / seen.length).toBeCloseTo(10_000, -3);
  });

  it('is 1 s while failures are below fall, and 10 s again afterwards', async () => {
    const { answers, pass, times, isDown, sent } = setUp();
    await pass(1_000);
    answers.set(A, { status: 500, data: '' });
    await pass(15_000);
    const [normal, ...fast] = gaps(times());
    expect(normal).toBeGreaterThanOrEqual(9_000);
    expect(fast).toHaveLength(2);
    for (const gap of fast) expect(gap).toBeGreaterThanOrEqual(900);
    for (const gap of fast) expect(gap).toBeLessThanOrEqual(1_100);
    expect(isDown()).toBe(true);
    const before = sent.length;
    await pass(11_000);
    expect(sent.length - before).toBe(1);
  });

  it('is 1 s for a backend that is down and rising', async () => {
    const { answers, pass, times, turns } = setUp({ thresholds: { rise: 3 } });
    answers.set(A, { status: 500, data: '' });
    await pass(1_000);
    answers.set(A, OK);
    await pass(16_000);
    const [normal, ...fast] = gaps(times());
    expect(normal).toBeGreaterThanOrEqual(9_000);
    expect(fast).toHaveLength(2);
    for (const gap of fast) expect(gap).toBeLessThanOrEqual(1_100);
    expect(turns).toHaveLength(2);
  });

  it('goes back to 10 s when one good answer ends the failures', async () => {
    const { answers, pass, sent, turns } = setUp();
    await pass(1_000);
    answers.set(A, { status: 500, data: '' });
    await pass(11_000);
    answers.set(A, OK);
    await pass(1_500);
    const before = sent.length;
    await pass(8_000);
    expect(sent.length).toBe(before);
    expect(turns).toEqual([]);
  });

  it('can be set', async () => {
    const { answers, pass, times } = setUp({
      intervalMs: 500,
      fastIntervalMs: 50,
      thresholds: { fall: 100 },
    });
    await pass(10_000, 10);
    for (const gap of gaps(times())) expect(Math.abs(gap - 500)).toBeLessThanOrEqual(50);
    const before = times().length;
    answers.set(A, { status: 500, data: '' });
    await pass(3_000, 5);
    for (const gap of gaps(times().slice(before))) expect(Math.abs(gap - 50)).toBeLessThanOrEqual(5);
  });
});

describe('a backend', () => {
  it('goes down after three failures, up after two successes, and each is told once', async () => {
    const { answers, pass, turns, checker } = setUp({}, [A, B]);
    await pass(1_000);
    answers.set(A, () => Promise.reject(new Error('refused')));
    await pass(60_000);
    expect(turns.map((turn) => turn.split(' ').slice(0, 2))).toEqual([['down', A]]);
    answers.set(A, OK);
    await pass(60_000);
    expect(turns.map((turn) => turn.split(' ')[0])).toEqual(['down', 'up']);
    expect(checker.stats().backends.map(({ state }) => state)).toEqual(['up', 'up']);
  });

  it('is taken out with the reason, which the event tells', async () => {
    const { answers, balancer, pass } = setUp();
    const reasons: (string | undefined)[] = [];
    balancer.subscribe((event) => {
      if (event.type === 'down') reasons.push(event.reason);
    });
    answers.set(A, { status: 404, data: '' });
    await pass(1_000);
    balancer.markUp(A);
    balancer.markDown(A);
    expect(reasons).toEqual(['status 404', undefined]);
  });

  it('gets no request while it is down', async () => {
    const { answers, balancer, pass } = setUp({}, [A, B]);
    answers.set(A, { status: 500, data: '' });
    await pass(1_000);
    for (let i = 0; i < 20; i++) expect(balancer.acquire(`key ${i}`)?.backend.id).toBe(B);
  });

  it('that fails now and then stays up', async () => {
    const { answers, pass, turns } = setUp();
    let calls = 0;
    answers.set(A, () => Promise.resolve({ status: calls++ % 3 === 0 ? 200 : 500, data: '' }));
    await pass(600_000);
    expect(calls).toBeGreaterThan(100);
    expect(turns).toEqual([]);
  });
});

describe('a backend that hangs', () => {
  it('has failed when the time is up, and its signal is aborted', async () => {
    const { answers, pass, sent, isDown, env } = setUp();
    answers.set(A, HUNG);
    await pass(1_000);
    const [first] = sent;
    await pass((first?.at ?? 0) + 1_999 - env.nowMs, 1);
    expect([first?.signal?.aborted, isDown()]).toEqual([false, false]);
    await pass(1, 1);
    expect([first?.signal?.aborted, isDown()]).toEqual([true, true]);
  });

  it.each([true, false])(
    'never has two checks under way at a time (service heeds the signal: %s)',
    async (heeds) => {
      const { answers, pass, sent, times } = setUp({ thresholds: { fall: 1_000 } });
      const open: AbortSignal[] = [];
      let most = 0;
      await pass(1_000);
      answers.set(A, (signal: AbortSignal) => {
        open.push(signal);
        most = Math.max(most, open.filter(({ aborted }) => !aborted).length);
        return heeds
          ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
          : HUNG();
      });
      await pass(120_000);
      expect(most).toBe(1);
      // Failures call for the fast interval of 1 s, but each check lasts its 2 s.
      for (const gap of gaps(times())) expect(gap).toBeGreaterThanOrEqual(2_000);
      expect(sent.length).toBeGreaterThan(50);
    },
  );

  it('is asked no more often than others once it is down', async () => {
    const { answers, pass, sent } = setUp();
    answers.set(A, HUNG);
    await pass(600_000);
    expect(sent.length).toBeLessThanOrEqual(67);
  });

  it.each(['resolve', 'reject'] as const)('gains nothing by a late answer that would %s', async (how) => {
    const { answers, pass, isDown, checker } = setUp({ thresholds: { fall: 1, rise: 1 } });
    const late: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
    answers.set(A, () => new Promise((resolve, reject) => late.push({ resolve, reject })));
    await pass(3_500);
    expect(isDown()).toBe(true);
    const { checks } = checker.stats();
    // An unhandled rejection would fail the run.
    for (const { resolve, reject } of late) {
      if (how === 'resolve') resolve({ status: 200, data: '{"cpu":0.5}' });
      else reject(new Error('late'));
    }
    await pass(500);
    expect(isDown()).toBe(true);
    expect(checker.stats().checks).toBe(checks);
  });

  it('comes back when it answers again', async () => {
    const { answers, pass, isDown } = setUp();
    answers.set(A, HUNG);
    await pass(30_000);
    expect(isDown()).toBe(true);
    answers.set(A, OK);
    await pass(15_000);
    expect(isDown()).toBe(false);
  });
});

describe('membership', () => {
  it('a backend that is added is checked at once, and its first check decides', async () => {
    const { answers, balancer, sent, pass, env, isDown } = setUp();
    await pass(5_000);
    answers.set(B, { status: 500, data: '' });
    balancer.add(B);
    const addedAt = env.nowMs;
    env.advance(0);
    expect(sent.at(-1)).toMatchObject({ id: B, at: addedAt });
    await pass(0.001);
    expect(isDown(B)).toBe(true);
  });

  it("one that is pushed to the caller's array is found without any traffic", async () => {
    const { pool, pass, times } = setUp();
    await pass(1_000);
    pool.push(B);
    await pass(11_000);
    expect(times(B)).toHaveLength(1);
  });

  it('one that is removed is not checked again, and its check under way is aborted', async () => {
    const { answers, balancer, sent, pass, times } = setUp({}, [A, B]);
    await pass(1_000);
    answers.set(A, HUNG);
    await pass(10_500);
    const under = sent.filter(({ id }) => id === A).at(-1);
    expect(under?.signal?.aborted).toBe(false);
    balancer.remove(A);
    expect(under?.signal?.aborted).toBe(true);
    const before = times().length;
    await pass(60_000);
    expect(times()).toHaveLength(before);
    expect(times(B).length).toBeGreaterThan(5);
  });

  it("one that is taken out of the caller's array is not checked again, even without any traffic", async () => {
    const { pool, pass, times, checker } = setUp({}, [A, B]);
    await pass(1_000);
    pool.shift();
    await pass(60_000);
    expect(times(A)).toHaveLength(1);
    expect(checker.stats().backends.map(({ id }) => id)).toEqual([B]);
  });

  it('one that is removed and added again begins anew', async () => {
    const { answers, balancer, pass, isDown } = setUp();
    answers.set(A, { status: 500, data: '' });
    await pass(1_000);
    expect(isDown()).toBe(true);
    balancer.remove(A);
    answers.set(A, OK);
    balancer.add(A);
    await pass(50);
    expect(isDown()).toBe(false);
  });

  it('one whose address changes under its id is checked at the new one, and an answer of the old one does not count', async () => {
    const { answers, pool, pass, sent, isDown } = setUp({}, [{ id: 'x', url: A }]);
    let refuse = (_: Error) => {};
    answers.set(A, () => new Promise((_, reject) => (refuse = reject)));
    await pass(1_000);
    pool[0] = { id: 'x', url: B };
    refuse(new Error('refused'));
    await pass(100);
    expect(isDown('x')).toBe(false);
    expect(sent.map(({ id }) => id)).toEqual([A, B]);
  });

  it('one whose address changes under its id does not inherit the report of the old one', async () => {
    const { answers, balancer, pool, pass } = setUp({}, [{ id: 'x', url: A }]);
    let answer = (_: unknown) => {};
    answers.set(A, () => new Promise((resolve) => (answer = resolve)));
    await pass(1_000);
    pool[0] = { id: 'x', url: B };
    answer({ status: 200, data: '{"cpu":0.9}' });
    await pass(100);
    expect(balancer.backends).toMatchObject([{ url: B, workload: undefined }]);
  });

  it('nothing piles up over many changes', async () => {
    const { balancer, pass, env, checker } = setUp();
    await pass(1_000);
    for (let i = 0; i < 500; i++) {
      balancer.add(B);
      if (i % 3 === 0) await pass(10);
      balancer.remove(B);
    }
    expect(env.pendingTimers).toBe(1);
    expect(checker.stats().backends).toHaveLength(1);
  });
});

describe('close', () => {
  it('leaves no timer and aborts the checks under way', async () => {
    const { answers, checker, env, pass, sent } = setUp({}, [A, B]);
    answers.set(B, HUNG);
    await pass(1_500);
    checker.close();
    expect(env.pendingTimers).toBe(0);
    expect(sent.map(({ signal }) => signal?.aborted)).toContain(true);
    const before = sent.length;
    await pass(60_000);
    expect(sent).toHaveLength(before);
    expect(env.pendingTimers).toBe(0);
  });

  it('before the first check: nothing is ever sent', async () => {
    const { checker, env, pass, sent } = setUp();
    checker.close();
    expect(env.pendingTimers).toBe(0);
    await pass(60_000);
    expect(sent).toEqual([]);
  });

  it('holds against what comes after it: an answer, a backend', async () => {
    const { answers, balancer, checker, env, pass, sent, turns } = setUp();
    let answer = (_: unknown) => {};
    answers.set(A, () => new Promise((resolve) => (answer = resolve)));
    await pass(1_000);
    checker.close();
    answer({ status: 500, data: '' });
    balancer.add(B);
    await pass(60_000);
    expect(sent).toHaveLength(1);
    expect(turns).toEqual([]);
    expect(env.pendingTimers).toBe(0);
  });

  it('may come from a listener in the middle of a check, and twice', async () => {
    const { answers, balancer, checker, env, pass } = setUp();
    balancer.subscribe(() => checker.close());
    answers.set(A, { status: 500, data: '' });
    await pass(1_000);
    checker.close();
    expect(env.pendingTimers).toBe(0);
  });

  it('leaves backends in the state that they are in', async () => {
    const { answers, checker, pass, isDown } = setUp();
    answers.set(A, { status: 500, data: '' });
    await pass(1_000);
    checker.close();
    expect(isDown()).toBe(true);
  });
});

describe('the timers', () => {
  it('are all in the background', async () => {
    const { answers, balancer, pass, foreground } = setUp({}, [A, B]);
    answers.set(A, HUNG);
    await pass(30_000);
    balancer.add('http://10.0.0.3');
    await pass(1_000);
    expect(foreground).toEqual([]);
  });
});

describe('the workload', () => {
  const bodyOf = (report: object) => ({ status: 200, data: JSON.stringify(report) });
  const headerOf = (value: string) => ({
    status: 200,
    data: 'OK',
    headers: { 'endpoint-load-metrics': value },
  });

  it('feeds the balancer: the most used resource of a body', async () => {
    const { answers, balancer, pass, times } = setUp();
    answers.set(A, bodyOf({ status: 'ok', cpu: 0.2, memory: 0.6, network: 0.1 }));
    await pass(1_000);
    expect(balancer.backends[0]).toMatchObject({ workload: 0.6 });
    expect(balancer.backends[0]?.reportedAt).toBeLessThanOrEqual((times()[0] ?? 0) + 50);
  });

  it.each([
    ['TEXT cpu_utilization=0.3,mem_utilization=0.8', 0.3],
    ['JSON {"application_utilization":0.4,"cpu_utilization":0.3}', 0.4],
    ['TEXT mem_utilization=0.8', undefined],
  ])('feeds the balancer: the utilization of the header %s', async (value, expected) => {
    const { answers, balancer, pass } = setUp();
    answers.set(A, headerOf(value));
    await pass(1_000);
    expect(balancer.backends[0]?.workload).toBe(expected);
  });

  it('feeds the balancer even with an answer that fails', async () => {
    const { answers, balancer, pass, isDown } = setUp();
    answers.set(A, { status: 503, data: '{"cpu":1}' });
    await pass(1_000);
    expect([isDown(), balancer.backends[0]?.workload]).toEqual([true, 1]);
  });

  it('fails nobody without a limit', async () => {
    const { answers, pass, isDown } = setUp();
    answers.set(A, bodyOf({ cpu: 1, memory: 1, network: 1 }));
    await pass(1_000);
    expect(isDown()).toBe(false);
  });

  it.each([
    ['cpu', bodyOf({ cpu: 0.91 })],
    ['memory', bodyOf({ memory: 0.91 })],
    ['network', bodyOf({ network: 0.91 })],
    ['eventLoop', bodyOf({ eventLoop: 0.91 })],
    ['cpu', headerOf('TEXT cpu_utilization=0.91')],
    ['cpu', headerOf('TEXT cpu_utilization=3')],
    ['memory', headerOf('JSON {"mem_utilization":0.91}')],
    ['network', headerOf('TEXT utilization.network=0.91')],
    ['application', headerOf('TEXT application_utilization=0.91')],
  ])('fails a backend whose %s is above its limit', async (resource, answer) => {
    const { answers, pass, isDown, failure, checker } = setUp({ expect: { workload: { [resource]: 0.9 } } });
    answers.set(A, answer);
    await pass(1_000);
    expect(isDown()).toBe(true);
    expect(failure()).toMatch(new RegExp(`^${resource} .* is above 0.9$`));
    expect(checker.stats()).toMatchObject({ checks: 1, failures: 1, overloads: 1 });
  });

  it('lets one at its limit be, one that says nothing, and one that uses much of something else', async () => {
    const pool = [A, B, 'http://10.0.0.3'];
    const { answers, pass, isDown } = setUp(
      { expect: { workload: { cpu: 0.9, memory: undefined as never } } },
      pool,
    );
    answers.set(A, bodyOf({ cpu: 0.9 }));
    answers.set('http://10.0.0.3', bodyOf({ cpu: 0.1, memory: 1 }));
    await pass(1_000);
    expect(pool.map(isDown)).toEqual([false, false, false]);
  });

  it('takes a backend out after fall and brings it back after rise, like any other failure', async () => {
    const { answers, pass, turns, isDown, checker } = setUp({ expect: { workload: { cpu: 0.9 } } });
    answers.set(A, bodyOf({ cpu: 0.5 }));
    await pass(1_000);
    answers.set(A, bodyOf({ cpu: 0.95 }));
    while (checker.stats().overloads < 2) await pass(50);
    expect(isDown()).toBe(false);
    while (checker.stats().overloads < 3) await pass(50);
    expect(isDown()).toBe(true);
    answers.set(A, bodyOf({ cpu: 0.5 }));
    await pass(15_000);
    expect(isDown()).toBe(false);
    expect(turns).toHaveLength(2);
  });

  it.each<[string, unknown, object]>([
    ['a huge body', `{"cpu":1}${' '.repeat(65_536)}`, { oversized: 1, malformed: 0, invalid: 0 }],
    ['malformed JSON', '{"cpu":1', { oversized: 0, malformed: 1, invalid: 0 }],
    ['NaN', '{"cpu":NaN}', { oversized: 0, malformed: 1, invalid: 0 }],
    ['a negative load', '{"cpu":-1}', { oversized: 0, malformed: 0, invalid: 1 }],
    ['a load above 1', '{"cpu":95}', { oversized: 0, malformed: 0, invalid: 1 }],
    ['data that is no string', { cpu: 1 }, { oversized: 0, malformed: 0, invalid: 0 }],
  ])('of %s is ignored and counted, and the check succeeds', async (_, data, ignored) => {
    const { answers, balancer, pass, isDown, checker } = setUp({ expect: { workload: { cpu: 0.9 } } });
    answers.set(A, { status: 200, data });
    await pass(1_000);
    expect(isDown()).toBe(false);
    expect(balancer.backends[0]?.workload).toBeUndefined();
    expect(checker.stats()).toMatchObject({ failures: 0, ignored });
  });

  it('of headers that no HTTP service should give is ignored', async () => {
    const { answers, pass, isDown } = setUp({}, [A, B]);
    answers.set(A, { status: 200, data: '', headers: null });
    answers.set(B, { status: 200, data: '', headers: { 'endpoint-load-metrics': 7 } });
    await pass(1_000);
    expect([isDown(A), isDown(B)]).toEqual([false, false]);
  });
});

describe('an option out of range', () => {
  it('throws at once and starts nothing', () => {
    const env = new TestEnv();
    const balancer = new Balancer([A], { env });
    const service: HTTPService = { sendRequest: () => Promise.resolve(OK) };
    expect(() => new HealthChecker(balancer, service, { env, thresholds: { fall: 0 } })).toThrow(
      'fall must be',
    );
    expect(env.pendingTimers).toBe(0);
  });
});
