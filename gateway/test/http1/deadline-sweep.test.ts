// The deadlines of connections.
import { describe, expect, it } from 'vitest';
import { DeadlineSweep, type Expiring } from '../../src/http1/deadline-sweep.ts';

function setUp() {
  let now = 0;
  const timers: (() => void)[] = [];
  const sweep = new DeadlineSweep({
    clock: { now: () => now },
    timers: {
      schedule: (callback) => {
        timers.push(callback);
        return () => void timers.splice(0);
      },
    },
  });
  const expired: number[] = [];
  const member = (dueAt: number): Expiring => ({
    dueAt,
    before: undefined,
    after: undefined,
    expire: () => void expired.push(dueAt),
  });
  const fire = (ms: number) => {
    now += ms;
    timers.shift()?.();
  };
  return { sweep, timers, expired, member, fire };
}

describe('a sweep of deadlines', () => {
  it('finds what is due, once, and rests when nothing is left', () => {
    const { sweep, timers, expired, member, fire } = setUp();
    const members = [member(400), member(600), member(Number.POSITIVE_INFINITY)];
    for (const one of members) sweep.add(one);
    expect(timers).toHaveLength(1);
    fire(500);
    expect(expired).toEqual([400]);
    fire(500);
    fire(500);
    expect(expired).toEqual([400, 600]);
    for (const one of members) sweep.delete(one);
    expect(timers).toEqual([]);
  });

  it('that was held up lets what has arrived be read before it closes anything', () => {
    const { sweep, expired, member, fire } = setUp();
    const [read, silent] = [member(3_000), member(3_000)];
    sweep.add(read);
    sweep.add(silent);
    fire(8_000);
    expect(expired).toEqual([]);
    read.dueAt = Number.POSITIVE_INFINITY;
    fire(1);
    expect(expired).toEqual([3_000]);
  });
});
