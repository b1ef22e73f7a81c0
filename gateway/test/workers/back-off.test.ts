import { describe, expect, it } from 'vitest';
import { BackOff } from '../../src/workers/back-off.ts';

describe('a back-off', () => {
  it('doubles from 100 ms up to 10 s', () => {
    const backOff = new BackOff();
    const waits = Array.from({ length: 9 }, () => backOff.next(0));
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  it('begins anew after 10 s of life, and not before', () => {
    const backOff = new BackOff();
    for (let i = 0; i < 3; i++) backOff.next(0);
    expect(backOff.next(9_999)).toBe(800);
    expect(backOff.next(10_000)).toBe(100);
    expect(backOff.next(1)).toBe(200);
  });

  it('stays at 10 s however often it is asked', () => {
    const backOff = new BackOff();
    for (let i = 0; i < 5_000; i++) backOff.next(0);
    expect(backOff.next(0)).toBe(10_000);
  });
});
