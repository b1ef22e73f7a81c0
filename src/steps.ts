// Work that is done in steps, so that requests are served in between.

import type { Env } from './env.ts';

/** Work that pauses after each step; a step takes less than a millisecond. */
export type Steps<T = void> = Iterator<void, T>;

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
 * @returns a promise of the result, or of what a step throws
 */
export function inSlices<T>(steps: Steps<T>, { clock, timers }: Env): Promise<T> {
  return new Promise((resolve, reject) => {
    const slice = () => {
      try {
        const until = clock.now() + SLICE_MS;
        for (;;) {
          const { done, value } = steps.next();
          if (done === true) return resolve(value);
          if (clock.now() >= until) break;
        }
        timers.schedule(slice, 0);
      } catch (error) {
        reject(error);
      }
    };
    slice();
  });
}
