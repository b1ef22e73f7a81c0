// The agenda of a simulation hands out its events in order, whatever order they came in.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue, type Scheduled } from '../../src/simulator/event-queue.ts';

interface Event extends Scheduled {
  readonly at: number;
  readonly turn: number;
  isOver: boolean;
}
const event = (at: number, turn: number): Event => ({ at, turn, happen: () => {}, isOver: false });

/** `push` an event, `pop` the next one, or call `off` one that waits. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('push' as const), at: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('pop' as const), at: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('off' as const), at: fc.nat(100) }) },
);

describe('an agenda', () => {
  it('gives the next event by time, then by turn, and none that was called off', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new EventQueue();
        let waiting: Event[] = [];
        const next = () => [...waiting].sort((a, b) => a.at - b.at || a.turn - b.turn)[0];
        const popAndCheck = () => {
          const expected = next();
          expect(queue.nextAt).toBe(expected?.at ?? Number.POSITIVE_INFINITY);
          expect(queue.pop()).toBe(expected);
          waiting = waiting.filter((one) => one !== expected);
        };
        for (const [turn, { op, at }] of steps.entries()) {
          if (op === 'push') {
            const pushed = event(at, turn);
            waiting.push(pushed);
            queue.push(at, pushed);
          } else if (op === 'pop') popAndCheck();
          else {
            const [off] = waiting.splice(at % (waiting.length || 1), 1);
            if (off !== undefined) off.isOver = true;
          }
        }
        while (waiting.length > 0) popAndCheck();
        expect(queue.pop()).toBeUndefined();
      }),
      { verbose: 1 },
    );
  });
});
