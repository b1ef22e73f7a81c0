import { describe, expect, it } from 'vitest';
import { Alarm } from '../../src/traffic/alarm.ts';
import { TestEnv } from '../support.ts';

function setUp() {
  const env = new TestEnv();
  const rangAt: number[] = [];
  return { env, rangAt, alarm: new Alarm(env, () => rangAt.push(env.nowMs)) };
}

describe('an alarm', () => {
  it('rings once, when its moment has come', () => {
    const { env, rangAt, alarm } = setUp();
    alarm.set(10);
    env.advance(9);
    expect(alarm.isDue).toBe(false);
    env.advance(100);
    expect(rangAt).toEqual([10]);
    expect(alarm.isDue).toBe(false);
  });

  it('is due before its timer is', () => {
    const { env, rangAt, alarm } = setUp();
    alarm.set(10);
    env.nowMs = 10;
    expect(alarm.isDue).toBe(true);
    expect(rangAt).toEqual([]);
  });

  it('can be set anew, to the same moment too, and called off', () => {
    const { env, rangAt, alarm } = setUp();
    alarm.set(10);
    alarm.set(20);
    alarm.set(20);
    expect(env.pendingTimers).toBe(1);
    env.advance(15);
    expect(rangAt).toEqual([]);
    alarm.set(Number.POSITIVE_INFINITY);
    expect(env.pendingTimers).toBe(0);
    env.advance(100);
    expect(rangAt).toEqual([]);
  });

  it('can be set to the moment at which it has just rung', () => {
    const { env, rangAt, alarm } = setUp();
    alarm.set(10);
    env.advance(10);
    // As platform timers do that fire a little before their time.
    alarm.set(10);
    env.advance(1);
    expect(rangAt).toEqual([10, 11]);
  });

  it('does not come too early for a fraction, and not in a tight loop for the past', () => {
    const { env, rangAt, alarm } = setUp();
    alarm.set(10.4);
    env.advance(10);
    expect(rangAt).toEqual([]);
    env.advance(1);
    expect(rangAt).toEqual([11]);
    alarm.set(Number.NEGATIVE_INFINITY);
    env.advance(1);
    expect(rangAt).toEqual([11, 12]);
  });

  it('takes moments that timers cannot hold', () => {
    const { env, rangAt, alarm } = setUp();
    alarm.set(2 ** 40);
    env.advance(2 ** 31 - 2);
    expect(rangAt).toEqual([]);
    env.advance(1);
    expect(rangAt).toEqual([2 ** 31 - 1]);
  });
});
