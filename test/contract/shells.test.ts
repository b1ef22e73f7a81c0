// The contract of retries: the same scenarios over every shell around the one loop, with the same results.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NoBackendError, OverloadedError } from '../../src/index.ts';
import { type Asked, endGateways, type Sent, SHELLS, type Shell, type ShellSettings } from './shells.ts';

const [A, B, C] = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3'] as const;
const AT_ONCE = { minDelayMs: 0, maxDelayMs: 0 };
const NO_BUDGET = { ...AT_ONCE, budget: { ratio: 0, floor: 0 } };

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  endGateways();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Lets some time pass, and everything happen that then is due. */
const settled = (ms = 5) => vi.advanceTimersByTimeAsync(ms);

describe.each(SHELLS)('$name', ({ make, throws, ok, methods }) => {
  let shell: Shell;

  const setUp = (settings: Partial<ShellSettings> = {}) => {
    shell = make({ backends: [A, B], failover: AT_ONCE, ...settings });
    return shell;
  };

  /** Sends a request and gets the attempt that it is. */
  const ask = (method?: string): { asked: Asked; sent: Sent } => {
    const asked = shell.ask(method);
    return { asked, sent: shell.sent.at(-1) as Sent };
  };

  /** The attempt that follows. */
  const next = async (ms?: number): Promise<Sent> => {
    const before = shell.sent.length;
    await settled(ms);
    expect(shell.sent).toHaveLength(before + 1);
    return shell.sent.at(-1) as Sent;
  };

  const held = () => shell.balancer.stats().inFlight;
  const counts = () =>
    Object.fromEntries(
      shell.balancer
        .stats()
        .backends.map(({ id, requests, failures, cancelled }) => [id, { requests, failures, cancelled }]),
    );
  const reasons = () => shell.stats().failover;

  /** Brings every response to its end: then no lease may be left. */
  const endAll = async () => {
    for (const sent of shell.sent) sent.end();
    await settled();
    expect(held()).toBe(0);
  };

  /** Every further attempt is answered so; the first one, too. */
  const answerAll = async (how: (sent: Sent) => void, from = 0) => {
    for (let i = from; i < shell.sent.length; i++) {
      how(shell.sent[i] as Sent);
      await settled();
    }
  };

  it('chooses its first backend at once', async () => {
    setUp();
    const { sent, asked } = ask();
    expect(shell.sent).toHaveLength(1);
    expect(held()).toBe(1);
    sent.head(ok);
    await settled();
    expect(asked.status).toBe(ok);
    await endAll();
  });

  it.each(['refuse', 'reset'] as const)(
    'serves every request while one backend fails by `%s` and the other one streams',
    async (how) => {
      setUp();
      const all: Asked[] = [];
      for (let i = 0; i < 12; i++) {
        const from = shell.sent.length;
        all.push(ask().asked);
        await answerAll((sent) => (sent.url === A ? sent[how]() : sent.head(ok)), from);
      }
      expect(all.map(({ status }) => status)).toEqual(all.map(() => ok));
      expect(held()).toBe(12);
      expect(reasons()?.declined).toEqual({ method: 0, exhausted: 0, budget: 0 });
      await endAll();
    },
  );

  it.each(['head', 'reset'] as const)(
    'serves two at once, one to a backend, if one fails by `%s`',
    async (how) => {
      setUp({ maxInFlight: 1, queue: {} });
      const [one, two] = [ask(), ask()];
      if (how === 'head') one.sent.head(503);
      else one.sent.reset();
      await settled();
      expect(shell.sent).toHaveLength(2);
      expect([one.asked.status, shell.stats().queue?.depth, held()]).toEqual([undefined, 1, 1]);
      two.sent.head(ok);
      two.sent.end();
      const third = await next();
      expect([third.url, two.asked.status, two.asked.isDone]).toEqual([two.sent.url, ok, true]);
      third.head(ok);
      await settled();
      expect([one.asked.status, two.asked.status]).toEqual([ok, ok]);
      await endAll();
    },
  );

  it('lets no two requests wait for the backend of each other', async () => {
    setUp({ maxInFlight: 1, queue: {} });
    const [one, two] = [ask(), ask()];
    one.sent.head(503);
    await settled();
    two.sent.head(503);
    await settled();
    expect(
      shell.sent
        .slice(2)
        .map(({ url }) => url)
        .sort(),
    ).toEqual([A, B]);
    for (const sent of shell.sent.slice(2)) sent.head(ok);
    await settled();
    expect([one.asked.status, two.asked.status]).toEqual([ok, ok]);
    await endAll();
  });

  it.each(['takes too long', 'is full'])('lets a response stand, whole, if the queue %s', async (what) => {
    setUp({ maxInFlight: 1, queue: what === 'is full' ? { limit: 0 } : { timeoutMs: 500 } });
    const [one, two] = [ask(), ask()];
    one.sent.head(503);
    await settled();
    expect(one.asked.status).toBe(what === 'is full' ? 503 : undefined);
    await settled(500);
    expect([one.asked.status, one.asked.isDone, shell.sent.length]).toEqual([503, false, 2]);
    one.sent.end();
    await settled();
    expect([one.asked.isDone, one.asked.error]).toEqual([true, undefined]);
    expect(reasons()?.retries.status).toBe(0);
    two.sent.head(ok);
    await endAll();
  });

  it('lets a failure stand if the queue takes too long', async () => {
    setUp({ maxInFlight: 1, queue: { timeoutMs: 500 } });
    const [one, two] = [ask(), ask()];
    one.sent.reset();
    await settled(600);
    expect([one.asked.isDone, one.asked.error instanceof OverloadedError]).toEqual([true, false]);
    if (!throws) expect(one.asked.status).toBe(502);
    expect(one.asked.attempts).toBe(1);
    two.sent.head(ok);
    await endAll();
  });

  it('drops a response that it kept, once there is another backend', async () => {
    setUp({ maxInFlight: 1, queue: {} });
    const [one, two] = [ask(), ask()];
    one.sent.head(503);
    await settled();
    two.sent.head(ok);
    two.sent.end();
    const third = await next();
    third.head(ok);
    // Comes too late for anybody.
    one.sent.end();
    await settled();
    expect(one.asked.status).toBe(ok);
    await endAll();
  });

  it('does not wait where no backend is left', async () => {
    setUp({ failover: { retries: 3, minDelayMs: 60_000, maxDelayMs: 60_000 } });
    const { asked, sent } = ask();
    sent.head(503);
    await settled();
    expect(asked.status).toBeUndefined();
    const second = await next(60_000);
    expect(second.url).not.toBe(sent.url);
    second.head(503);
    await settled(0);
    expect(asked.status).toBe(503);
    expect(reasons()?.retries).toEqual({ status: 1, error: 0, unsent: 0, trial: 0 });
    await endAll();
  });

  it('neither waits nor counts a retry where it has but one backend', async () => {
    setUp({ backends: [A], failover: { minDelayMs: 60_000, maxDelayMs: 60_000 } });
    const { asked, sent } = ask();
    sent.head(503);
    await settled(0);
    expect(asked.status).toBe(503);
    expect(reasons()?.retries).toEqual({ status: 0, error: 0, unsent: 0, trial: 0 });
    await endAll();
  });

  it.each(methods)(
    'goes on with a %s that was not sent, until each backend was tried, for free',
    async (method) => {
      setUp({ backends: [A, B, C], failover: { ...NO_BUDGET, retries: 1 } });
      const { asked } = ask(method);
      await answerAll((sent) => (shell.sent.length < 3 ? sent.refuse() : sent.head(ok)));
      expect(new Set(shell.sent.map(({ url }) => url)).size).toBe(3);
      expect(asked.status).toBe(ok);
      expect(reasons()).toEqual({
        retries: { status: 0, error: 0, unsent: 2, trial: 0 },
        declined: { method: 0, exhausted: 0, budget: 0 },
      });
      await endAll();
    },
  );

  it('keeps to its budget, which a response that has begun gives back', async () => {
    setUp({ backends: [A, B, C], failover: { ...AT_ONCE, budget: { ratio: 0, floor: 1 } } });
    const [one, two, three] = [ask(), ask(), ask()];
    one.sent.reset();
    two.sent.head(503);
    await settled();
    expect([one.asked.isDone, two.asked.status]).toEqual([false, 503]);
    expect(reasons()?.declined.budget).toBe(1);
    (shell.sent.at(-1) as Sent).head(ok);
    await settled();
    expect([one.asked.status, one.asked.isDone]).toEqual([ok, false]);
    three.sent.head(503);
    const last = await next();
    last.head(ok);
    await settled();
    expect(three.asked.status).toBe(ok);
    expect(reasons()?.declined.budget).toBe(1);
    await endAll();
  });

  it('counts retries by their cause, and what it declines', async () => {
    setUp({ backends: [A, B, C] });
    const { asked } = ask();
    await answerAll((sent) => (shell.sent.length === 1 ? sent.head(503) : sent.reset()));
    expect(asked.isDone).toBe(true);
    expect(reasons()).toEqual({
      retries: { status: 1, error: 0, unsent: 0, trial: 0 },
      declined: { method: 0, exhausted: 1, budget: 0 },
    });
    await endAll();
  });

  it.runIf(methods.includes('POST')).each(['head', 'reset'] as const)(
    'never sends a POST twice that its backend has seen, which fails by `%s`',
    async (how) => {
      setUp();
      const { asked, sent } = ask('POST');
      if (how === 'head') sent.head(503);
      else sent.reset();
      await settled();
      expect([shell.sent.length, reasons()?.declined.method]).toEqual([1, 1]);
      expect(how === 'head' ? asked.status === 503 : asked.isDone).toBe(true);
      await endAll();
    },
  );

  it.each(['head', 'reset', 'refuse'] as const)(
    'ends the lease of an attempt that fails by `%s` as a failure',
    async (how) => {
      setUp();
      const { sent } = ask();
      if (how === 'head') sent.head(503);
      else sent[how]();
      const second = await next();
      expect(counts()).toEqual({
        [sent.url]: { requests: 1, failures: 1, cancelled: 0 },
        [second.url]: { requests: 1, failures: 0, cancelled: 0 },
      });
      second.head(ok);
      await endAll();
      expect(counts()[second.url]).toEqual({ requests: 1, failures: 0, cancelled: 0 });
    },
  );

  it('ends a request that cannot be sent as it is as rejected: not retried, and no failure', async () => {
    setUp();
    const { asked, sent } = ask();
    sent.reject();
    await settled();
    expect([shell.sent.length, asked.isDone]).toEqual([1, true]);
    expect(shell.balancer.stats().backends.find(({ id }) => id === sent.url)).toMatchObject({
      requests: 1,
      failures: 0,
      cancelled: 0,
      rejected: 1,
    });
    expect(reasons()).toMatchObject({
      retries: { status: 0, error: 0, unsent: 0 },
      declined: { method: 0, exhausted: 0, budget: 0 },
    });
    await endAll();
  });

  it.runIf(throws)('ends the lease of a retried response as `isFailure` says', async () => {
    setUp({ isFailure: () => false });
    const { sent } = ask();
    sent.head(503);
    const second = await next();
    expect(counts()[sent.url]).toEqual({ requests: 1, failures: 0, cancelled: 0 });
    second.head(ok);
    await endAll();
  });

  it('tells with its error how many attempts failed', async () => {
    setUp();
    const { asked } = ask();
    await answerAll((sent) => sent.reset());
    expect([asked.isDone, asked.attempts]).toEqual([true, 2]);
    await endAll();
  });

  it('leaves an error of the host as it is without failover', async () => {
    setUp({ failover: undefined });
    const { asked, sent } = ask();
    sent.reset();
    await settled();
    expect([asked.isDone, shell.sent.length]).toEqual([true, 1]);
    if (throws) expect(asked.error).not.toHaveProperty('attempts');
    expect(held()).toBe(0);
  });

  it('tells of no attempt where there is no backend', async () => {
    setUp({ backends: [] });
    const asked = shell.ask();
    await settled();
    if (throws) expect(asked.error).toBeInstanceOf(NoBackendError);
    else expect(asked.status).toBe(503);
    expect([asked.isDone, asked.attempts]).toEqual([true, 0]);
  });

  it.each<[string, Partial<ShellSettings>, (sent: Sent) => void]>([
    ['before the head of a response', {}, () => {}],
    ['while its response streams', {}, (sent) => sent.head(ok)],
    ['before a retry', { failover: { minDelayMs: 1_000, maxDelayMs: 1_000 } }, (sent) => sent.reset()],
    ['while a retry is queued', { maxInFlight: 1, queue: {} }, (sent) => sent.reset()],
    ['while a retry is queued and a response kept', { maxInFlight: 1, queue: {} }, (sent) => sent.head(503)],
  ])('leaks nothing when its client leaves %s', async (_, settings, happens) => {
    setUp(settings);
    const [one, two] = [ask(), ask()];
    happens(one.sent);
    await settled(0);
    one.asked.leave();
    await settled();
    expect(held()).toBe(1);
    two.sent.head(ok);
    await settled();
    expect(two.asked.status).toBe(ok);
    await endAll();
    expect(shell.sent).toHaveLength(2);
    expect(shell.stats().queue?.depth ?? 0).toBe(0);
    expect(Object.values(counts()).reduce((sum, { failures }) => sum + failures, 0)).toBeLessThanOrEqual(1);
  });
});
