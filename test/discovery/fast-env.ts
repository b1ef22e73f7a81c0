import type { Env } from '../../src/index.ts';

/** The platform's time, so many times as fast. */
export function fastEnv(factor: number): Env {
  return {
    clock: { now: () => performance.now() * factor },
    random: Math.random,
    timers: {
      schedule(callback, delayMs) {
        const timer = setTimeout(callback, delayMs / factor);
        return () => clearTimeout(timer);
      },
    },
  };
}
