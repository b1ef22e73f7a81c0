// Runs a simulation of a load balancer that uses promises: they settle between two events, as in a real
// process.
import type { VirtualEnv } from './virtual-env.ts';

/**
 * Number of events in one turn of the platform's event loop: one turn for each event would cost ten times as
 * much.
 */
const BATCH = 128;

/** Calls back in a turn of the event loop. Platforms without `setImmediate` are slow, and as right. */
const inTurn: (callback: () => void) => void =
  typeof setImmediate === 'function' ? setImmediate : (callback) => setTimeout(callback, 0);

/**
 * Runs all events up to a time. All promises that an event settles run before the next event, and so do
 * promises that depend on them: the platform empties its queue of microtasks between any two turns.
 * @param isDone - asked before each event. @defaultValue never
 */
export function runInTurns(
  env: VirtualEnv,
  untilMs: number,
  isDone: () => boolean = () => false,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = 0;
    let isOver = false;
    const refill = () => {
      left = BATCH;
      for (let i = 0; i < BATCH; i++) inTurn(step);
    };
    const step = () => {
      left--;
      if (isOver) return;
      try {
        isOver = isDone() || !env.step(untilMs);
      } catch (error) {
        isOver = true;
        reject(error);
      }
      if (isOver) resolve();
      else if (left === 0) refill();
    };
    refill();
  });
}
