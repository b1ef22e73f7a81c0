// Runs a simulation whose load balancer works with promises: they settle between two events, as they do in a
// process.
import type { VirtualEnv } from '../src/simulator/virtual-env.ts';

/**
 * How many events one turn of the platform's event loop carries: a turn for each would cost ten times as
 * much.
 */
const BATCH = 128;

/**
 * Lets everything happen that is due up to a moment. All promises that an event settles, and those that these
 * settle, run before the next event: the platform empties its queue of microtasks between any two immediates.
 */
export function runInTurns(env: VirtualEnv, untilMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = 0;
    let isOver = false;
    const refill = () => {
      left = BATCH;
      for (let i = 0; i < BATCH; i++) setImmediate(step);
    };
    const step = () => {
      left--;
      if (isOver) return;
      try {
        isOver = !env.step(untilMs);
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
