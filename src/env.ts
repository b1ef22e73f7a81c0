/** A source of time. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
}

/** One-shot timers. Only the shells around the engine use them, never the engine. */
export interface Timers {
  /**
   * Calls `callback` once after `delayMs` milliseconds.
   * @param background - the timer alone must not keep a process alive
   * @returns a function that calls it off; harmless afterwards
   */
  schedule(callback: () => void, delayMs: number, background?: boolean): () => void;
}

/**
 * All that evenkeel takes from its surroundings. Tests and the simulator pass their own; everything else in
 * the core is a pure function of its input and of these.
 */
export interface Env {
  readonly clock: Clock;
  /** A number from 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly timers: Timers;
}

/** The platform's monotonic clock, random source and timers. */
export const systemEnv: Env = {
  clock: { now: () => performance.now() },
  random: Math.random,
  timers: {
    schedule(callback, delayMs, background = false) {
      const timer = setTimeout(callback, delayMs);
      // Browsers and edge workers have numbers here, and no process to keep alive.
      if (background && typeof timer === 'object') timer.unref();
      return () => clearTimeout(timer);
    },
  },
};
