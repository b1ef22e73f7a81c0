import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Loadbalancer,
  type LoadbalancerOptions,
  maxInFlight,
  type Request,
  type Response,
  UpstreamTimeoutError,
} from '../../src/index.ts';
import { RetryBudget } from '../../src/traffic/retry-budget.ts';
import {
  aRequest,
  nativePool,
  RecordingLogger,
  RecordingService,
  RecordingWriter,
  TestEnv,
} from '../support.ts';

const unsent = () => Object.assign(new Error('refused'), { requestSent: false });

function setUp(
  answer: (url: string, request: Request) => unknown,
  options: LoadbalancerOptions = {},
  backends = 4,
) {
  const env = new TestEnv();
  const service = new RecordingService(answer);
  const writer = new RecordingWriter();
  const loadbalancer = new Loadbalancer(service, nativePool(backends), new RecordingLogger(), {
    failover: true,
    env,
    ...options,
  });
  /** Sends a request and lets all waits pass. */
  const send = async (request = aRequest('/x'), signal?: AbortSignal) => {
    let done = false;
    const pending = loadbalancer.onRequest(request, writer, { signal }).finally(() => (done = true));
    for (let i = 0; i < 200 && !done; i++) {
      await Promise.resolve();
      if (i % 10 === 9) env.advance(50);
    }
    await pending;
  };
  return { env, service, writer, loadbalancer, send, inFlight: () => loadbalancer.stats().inFlight };
}

/** Fails the first `count` attempts, whoever gets them. */
function failing(count: number, failure: () => unknown): () => unknown {
  let made = 0;
  return () => (made++ < count ? failure() : Promise.resolve({ status: 200, data: 'ok' }));
}

describe('failover', () => {
  it('sends an idempotent request that failed to another backend, and writes that answer alone', async () => {
    const { service, writer, send, inFlight } = setUp(failing(1, () => Promise.reject(new Error('reset'))));
    await send();
    expect(new Set(service.calls.map(({ url }) => url)).size).toBe(2);
    expect(writer.responses).toEqual([{ status: 200, data: 'ok' }]);
    expect(writer.errors).toEqual([]);
    expect(inFlight()).toBe(0);
  });

  it.each([502, 503, 504])('retries status %d', async (status) => {
    const { service, writer, send } = setUp(failing(1, async () => ({ status, data: '' })));
    await send();
    expect(service.calls).toHaveLength(2);
    expect(writer.responses[0]?.status).toBe(200);
  });

  it.each([200, 404, 429, 500])('lets status %d stand', async (status) => {
    const { service, writer, send } = setUp(failing(1, async () => ({ status, data: '' })));
    await send();
    expect(service.calls).toHaveLength(1);
    expect(writer.responses[0]?.status).toBe(status);
  });

  it('writes the answer of the last attempt, as the object it is', async () => {
    const answers: Response[] = [];
    const { writer, send } = setUp(async () => {
      answers.push({ status: 503, data: `answer ${answers.length}` });
      return answers.at(-1);
    });
    await send();
    expect(answers).toHaveLength(2);
    expect(writer.responses[0]).toBe(answers[1]);
  });

  it('gives writeError the very error of the last attempt, which names all attempts', async () => {
    const errors = [new Error('first'), new Error('second')];
    let made = 0;
    const { writer, service, send } = setUp(() => Promise.reject(errors[made++]));
    await send();
    expect(writer.errors).toEqual([errors[1]]);
    expect(writer.errors[0]).toBe(errors[1]);
    expect((writer.errors[0] as { attempts?: unknown }).attempts).toEqual(
      service.calls.map(({ url }, i) => ({ backend: new URL(url).origin, reason: errors[i]?.message })),
    );
  });

  it('gives writeError an error that takes no note of the attempts as it is, and keeps no lease', async () => {
    const error = Object.defineProperty(new Error('reset'), 'attempts', { value: 3 });
    const { writer, send, inFlight } = setUp(() => Promise.reject(error));
    await send();
    expect(writer.errors).toHaveLength(1);
    expect(writer.errors[0]).toBe(error);
    expect(inFlight()).toBe(0);
  });

  it('keeps no lease where an error throws when it is asked whether anything was sent', async () => {
    const error = Object.defineProperty(new Error('reset'), 'requestSent', {
      get() {
        throw new Error('unreadable');
      },
    });
    const { writer, send, inFlight } = setUp(() => Promise.reject(error));
    await send();
    expect(writer.errors).toHaveLength(1);
    expect(inFlight()).toBe(0);
  });

  it('names the attempts that were made, too, where the time is up in the wait before the next', async () => {
    const { env, service, writer, loadbalancer } = setUp(() => Promise.reject(new Error('reset')), {
      failover: { minDelayMs: 50_000, maxDelayMs: 50_000 },
      totalTimeoutMs: 10,
    });
    const pending = loadbalancer.onRequest(aRequest(), writer);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    env.advance(10);
    await pending;
    expect(service.calls).toHaveLength(1);
    expect(writer.errors[0]).toBeInstanceOf(UpstreamTimeoutError);
    expect(writer.errors[0]).toMatchObject({ attempts: [{ reason: 'reset' }] });
  });

  it('lets the last answer stand where there is no place in the queue for a retry', async () => {
    const answer: Response = { status: 503, data: 'try later' };
    const options = { guards: [maxInFlight(1)], queue: { limit: 0 } };
    const { writer, loadbalancer, send, inFlight } = setUp(async () => answer, options, 2);
    const home = loadbalancer.balancer.explain(aRequest('/x')).picked;
    const held = loadbalancer.balancer.acquire(aRequest('/x'), {
      tried: loadbalancer.balancer.backends.filter(({ id }) => id === home),
    });
    await send();
    expect(writer.responses).toEqual([answer]);
    expect(writer.errors).toEqual([]);
    expect(writer.headers).toEqual([]);
    held?.release();
    expect(inFlight()).toBe(0);
  });

  it.each(['POST', 'PATCH', 'CONNECT', 'get', 'LOCK'])('never sends a %s twice', async (method) => {
    const { service, writer, send } = setUp(failing(9, () => Promise.reject(new Error('reset'))));
    await send(aRequest('/x', { method }));
    expect(service.calls).toHaveLength(1);
    expect(writer.errors).toHaveLength(1);
  });

  it('never sends a POST twice that was answered with 503', async () => {
    const { service, send } = setUp(failing(9, async () => ({ status: 503, data: '' })));
    await send(aRequest('/x', { method: 'POST' }));
    expect(service.calls).toHaveLength(1);
  });

  it('sends a POST to another backend where provably nothing was sent', async () => {
    const { service, writer, send } = setUp(failing(1, () => Promise.reject(unsent())));
    await send(aRequest('/x', { method: 'POST' }));
    expect(service.calls).toHaveLength(2);
    expect(writer.responses).toHaveLength(1);
  });

  it('tries each backend at most once, and all of them if nothing was sent', async () => {
    const { service, send, loadbalancer } = setUp(failing(99, () => Promise.reject(unsent())));
    await send();
    expect(service.calls).toHaveLength(4);
    expect(new Set(service.calls.map(({ url }) => url)).size).toBe(4);
    expect(loadbalancer.stats().failover?.retries.unsent).toBe(3);
  });

  it('counts each failed attempt against its backend, and each as a request', async () => {
    const { send, loadbalancer } = setUp(failing(1, () => Promise.reject(new Error('reset'))));
    await send();
    const { backends } = loadbalancer.stats();
    expect(backends.reduce((sum, { requests }) => sum + requests, 0)).toBe(2);
    expect(backends.reduce((sum, { failures }) => sum + failures, 0)).toBe(1);
  });

  it('stops when the client leaves during the wait, and blames nobody for that', async () => {
    const client = new AbortController();
    const { env, service, writer, loadbalancer, inFlight } = setUp(() => Promise.reject(new Error('reset')));
    const pending = loadbalancer.onRequest(aRequest(), writer, { signal: client.signal });
    for (let i = 0; i < 20; i++) await Promise.resolve();
    client.abort();
    await pending;
    expect(service.calls).toHaveLength(1);
    expect(writer.errors).toEqual([client.signal.reason]);
    expect(inFlight()).toBe(0);
    expect(env.pendingTimers).toBe(0);
  });

  it('gives each attempt its own time, and all of them together theirs', async () => {
    const { env, service, writer, loadbalancer, inFlight } = setUp(() => new Promise(() => {}), {
      failover: { retries: 3 },
      timeoutMs: 400,
      totalTimeoutMs: 1_000,
    });
    const pending = loadbalancer.onRequest(aRequest(), writer);
    for (let ms = 0; ms < 1_000; ms += 10) {
      env.advance(10);
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
    await pending;
    expect(service.calls).toHaveLength(3);
    expect(writer.errors[0]).toBeInstanceOf(UpstreamTimeoutError);
    expect(writer.errors[0]?.message).toBe('no response within 1000 ms');
    expect(service.calls.every(({ options }) => options?.signal.aborted)).toBe(true);
    expect(inFlight()).toBe(0);
    expect(env.pendingTimers).toBe(0);
    expect(loadbalancer.stats().backends.reduce((sum, { failures }) => sum + failures, 0)).toBe(3);
  });

  it('declines when the budget is used up', async () => {
    const { service, writer, loadbalancer, env } = setUp(() => Promise.reject(new Error('reset')), {
      failover: { budget: { ratio: 0.2, floor: 3 }, minDelayMs: 100, maxDelayMs: 100 },
    });
    const all = Promise.all(
      Array.from({ length: 10 }, (_, i) => loadbalancer.onRequest(aRequest(`/${i}`), writer)),
    );
    for (let i = 0; i < 30; i++) await Promise.resolve();
    expect(loadbalancer.stats().failover?.declined.budget).toBe(7);
    env.advance(100);
    await all;
    expect(service.calls).toHaveLength(13);
    expect(writer.errors).toHaveLength(10);
  });

  it.each([
    [{ retries: 11 }, 'failover.retries must be an integer from 0 to 10, got 11'],
    [{ retries: Number.NaN }, 'failover.retries must be an integer from 0 to 10, got NaN'],
    [
      { minDelayMs: 300 },
      'failover.maxDelayMs must be a number of milliseconds of at least minDelayMs, got 250',
    ],
    [{ budget: { ratio: 2 } }, 'failover.budget.ratio must be a number from 0 to 1, got 2'],
    [{ budget: { floor: -1 } }, 'failover.budget.floor must be an integer of at least 0, got -1'],
  ])('refuses %o', (failover, message) => {
    expect(() => setUp(() => undefined, { failover })).toThrow(message);
  });
});

describe('the retry budget', () => {
  it('grows and shrinks with the requests in flight', () => {
    const budget = new RetryBudget({ ratio: 0.5, floor: 0 });
    expect(budget.beginRetry()).toBe(false);
    for (let i = 0; i < 4; i++) budget.requestBegan();
    expect([budget.beginRetry(), budget.beginRetry(), budget.beginRetry()]).toEqual([true, true, false]);
    for (let i = 0; i < 2; i++) budget.requestEnded();
    budget.retryEnded();
    expect([budget.beginRetry(), budget.retries]).toEqual([false, 1]);
  });

  it('never lets more retries fly than its floor or its share of the requests', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(5),
        fc.array(fc.nat(3), { maxLength: 300 }),
        (ratio, floor, steps) => {
          const budget = new RetryBudget({ ratio, floor });
          let requests = 0;
          let retries = 0;
          for (const step of steps) {
            if (step === 0) {
              requests++;
              budget.requestBegan();
            } else if (step === 1 && requests > 0) {
              requests--;
              budget.requestEnded();
            } else if (step === 2) {
              const allowed = retries + 1 <= Math.max(floor, ratio * requests);
              expect(budget.beginRetry()).toBe(allowed);
              if (allowed) retries++;
            } else if (step === 3 && retries > 0) {
              retries--;
              budget.retryEnded();
            }
            expect(budget.retries).toBe(retries);
          }
        },
      ),
      { verbose: 1 },
    );
  });
});
