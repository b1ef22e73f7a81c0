// Many deadlines on one timer.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../src/deadlines.ts';
import { UpstreamTimeoutError } from '../src/errors.ts';
import { Limit, within } from '../src/limit.ts';
import { TestEnv } from './support.ts';

function setUp() {
  const env = new TestEnv();
  const deadlines = new Deadlines(env);
  const begin = (timeoutMs: number) => new Limit(deadlines, { timeoutMs });
  return { env, deadlines, begin };
}

describe('deadlines', () => {
  it('share one timer, which is gone when nothing waits', () => {
    const { env, begin } = setUp();
    const limits = [100, 100, 50, 200, 100].map(begin);
    expect(env.pendingTimers).toBe(1);
    for (const limit of limits) limit.end();
    expect(env.pendingTimers).toBe(0);
  });

  it('pass exactly when their time is up, in any mix of limits', () => {
    const work = fc.record({
      beginsAt: fc.nat(1_000),
      limitMs: fc.constantFrom(1, 7, 10, 250, 1_000),
      endsAfter: fc.option(fc.nat(1_200)),
    });
    fc.assert(
      fc.property(fc.array(work, { maxLength: 40 }), (works) => {
        const { env, begin } = setUp();
        const stopped: (number | undefined)[] = works.map(() => undefined);
        const at = new Map<number, (() => void)[]>();
        const plan = (ms: number, step: () => void) => at.set(ms, [...(at.get(ms) ?? []), step]);
        for (const [i, { beginsAt, limitMs, endsAfter }] of works.entries())
          plan(beginsAt, () => {
            const limit = begin(limitMs);
            limit.stopped = () => (stopped[i] = env.nowMs);
            if (endsAfter !== null) plan(beginsAt + endsAfter, () => limit.end());
          });
        for (let ms = 0; ms <= 2_200; ms++) {
          // Steps of this millisecond may plan more of them.
          for (let i = 0; i < (at.get(ms) ?? []).length; i++) at.get(ms)?.[i]?.();
          env.advance(1);
          expect(env.pendingTimers).toBeLessThanOrEqual(1);
        }
        for (const [i, { beginsAt, limitMs, endsAfter }] of works.entries()) {
          const isEnded = endsAfter !== null && endsAfter < limitMs;
          expect(stopped[i]).toBe(isEnded ? undefined : beginsAt + limitMs);
        }
        expect(env.pendingTimers).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('may begin and end while others pass', () => {
    const { env, begin } = setUp();
    const passed: string[] = [];
    const second = begin(10);
    const first = begin(5);
    first.stopped = () => {
      passed.push('first');
      second.end();
      begin(3).stopped = () => passed.push('third');
    };
    second.stopped = () => passed.push('second');
    env.advance(8);
    expect(passed).toEqual(['first', 'third']);
    env.advance(10);
    expect([passed.length, env.pendingTimers]).toEqual([2, 0]);
  });
});

describe('a limit', () => {
  it('makes no signal unless it is read, and aborts one that was', () => {
    const { env, begin } = setUp();
    const limit = begin(10);
    const { signal } = limit;
    expect(limit.signal).toBe(signal);
    env.advance(10);
    expect([signal.aborted, signal.reason]).toEqual([true, limit.reason]);
    expect(limit.reason).toBeInstanceOf(UpstreamTimeoutError);
    const late = begin(10);
    env.advance(10);
    expect([late.signal.aborted, late.signal.reason]).toEqual([true, late.reason]);
  });

  it('is stopped with the whole, but not the whole with it', () => {
    const { env, deadlines } = setUp();
    const client = new AbortController();
    const whole = new Limit(deadlines, { signal: client.signal, timeoutMs: 100 });
    const first = new Limit(deadlines, { timeoutMs: 10, whole });
    env.advance(10);
    expect([first.reason === undefined, whole.reason]).toEqual([false, undefined]);
    const second = new Limit(deadlines, { timeoutMs: 1_000, whole });
    const reason = new Error('gone');
    client.abort(reason);
    expect([second.reason, whole.reason, env.pendingTimers]).toEqual([reason, reason, 0]);
    expect(new Limit(deadlines, { timeoutMs: 10, whole }).reason).toBe(reason);
  });

  it('ends a wait for work that hangs', async () => {
    const { env, begin } = setUp();
    const pending = within(begin(10), () => new Promise(() => {}));
    env.advance(10);
    await expect(pending).rejects.toMatchObject({
      code: 'ERR_LB_TIMEOUT',
      message: 'no response within 10 ms',
    });
  });
});

describe('a timer that was held up', () => {
  /** A clock that goes on while timers do not fire. */
  function stopped() {
    let now = 0;
    const timers: (() => void)[] = [];
    const env = {
      clock: { now: () => now },
      timers: {
        schedule: (callback: () => void) => {
          timers.push(callback);
          return () => {};
        },
      },
    };
    return { deadlines: new Deadlines(env), timers, goOn: (ms: number) => (now += ms) };
  }

  it('lets what has arrived be looked at before it ends anything', () => {
    const { deadlines, timers, goOn } = stopped();
    const expired: string[] = [];
    const work = (name: string) => ({
      expiresAt: 0,
      queue: undefined,
      previous: undefined,
      next: undefined,
      expire: () => void expired.push(name),
    });
    const [arrived, missing] = [work('arrived'), work('missing')];
    deadlines.add(arrived, 3_000);
    deadlines.add(missing, 3_000);
    goOn(8_000);
    timers.shift()?.();
    expect(expired).toEqual([]);
    deadlines.remove(arrived);
    goOn(1);
    timers.shift()?.();
    expect(expired).toEqual(['missing']);
  });
});
