import { describe, expect, it } from 'vitest';
import type { GatewayEvent } from '../../src/contracts.ts';
import { mergedEvents } from '../../src/observation/merged-events.ts';

const event = (at: number, type: string, backend = 'a', message = type): GatewayEvent => {
  return { at, pool: 'shop', type, backend, message };
};
const told = (events: readonly GatewayEvent[]) =>
  events.map(({ at, type, backend }) => `${at} ${type} ${backend}`);

describe('mergedEvents', () => {
  it('puts them in order', () => {
    const workers = [[event(10, 'down'), event(30, 'up')], [event(20, 'down', 'b')]];
    expect(told(mergedEvents(workers))).toEqual(['10 down a', '20 down b', '30 up a']);
  });

  it('makes one of what several workers tell within a second, whatever their words', () => {
    const workers = [
      [event(0, 'ejected', 'a', 'for 30 s')],
      [event(400, 'ejected', 'a', 'for 31 s')],
      [event(1_000, 'ejected')],
      [event(1_001, 'ejected')],
    ];
    expect(told(mergedEvents(workers))).toEqual(['0 ejected a', '1001 ejected a']);
  });

  it('keeps two of one worker apart, and matches each with those of the others', () => {
    const flapping = [event(0, 'down'), event(300, 'up'), event(600, 'down')];
    const later = flapping.map((one) => ({ ...one, at: one.at + 50 }));
    expect(told(mergedEvents([flapping, later]))).toEqual(['0 down a', '300 up a', '600 down a']);
  });

  it('tells pools apart, and what concerns the whole gateway', () => {
    const whole = { ...event(0, 'reloaded'), pool: undefined, backend: undefined };
    const workers = [[whole], [{ ...event(0, 'reloaded'), backend: undefined }], [whole]];
    expect(mergedEvents(workers)).toHaveLength(2);
  });

  it('keeps the last hundred', () => {
    const many = Array.from({ length: 90 }, (_, i) => event(i * 10_000, 'down'));
    const others = many.map((one) => ({ ...one, backend: 'b', at: one.at + 1 }));
    const merged = mergedEvents([many, others]);
    expect(merged).toHaveLength(100);
    expect(merged.at(-1)).toMatchObject({ at: 890_001, backend: 'b' });
  });
});
