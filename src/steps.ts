// Work that is done in steps, so that requests are served in between.

import type { Env } from './env.ts';

/** Work that pauses after each step; a step takes less than a millisecond. */
export type Steps<T = void> = Generator<void, T>;

/** How long steps follow one another before other work has its turn, in milliseconds. */
const SLICE_MS = 2;

/** Does all the work in one piece. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * Does the work in slices of some 2 ms, the first one now. Between them timers and I/O have their turn.
 * @param ended - called when the work is done, or a step has thrown; with little work before this returns
 * @returns a promise that rejects with what a step throws
 */
export function inSlices(steps: Steps, { clock, timers }: Env, ended: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const slice = () => {
      try {
        const until = clock.now() + SLICE_MS;
        while (steps.next().done === false) {
          if (clock.now() < until) continue;
          timers.schedule(slice, 0);
          return;
        }
        resolve();
      } catch (error) {
        reject(error);
      }
      ended();
    };
    slice();
  });
}
