// The clock, the random source and the timers that are injected. The only core file that uses the platform's
// own.

/** A source of time. */
export interface Clock {
  /** Milliseconds since a fixed point in time. Never decreases. */
  now(): number;
}

/** One-shot timers. The engine uses them for the deadlines of drains alone, the code around it for more. */
export interface Timers {
  /**
   * Calls `callback` once after `delayMs` milliseconds.
   * @param background - whether the process may exit while the timer is pending
   * @returns a function that cancels the timer; without effect after the timer fired
   */
  schedule(callback: () => void, delayMs: number, background?: boolean): () => void;
}

/**
 * Everything that evenkeel uses of its environment. Tests and the simulator inject their own. The core
 * depends on nothing else but its input.
 */
export interface Env {
  readonly clock: Clock;
  /** Returns a random number from 0 up to, but not including, 1. */
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
      // In browsers and edge workers a timer is a number, and there is no process to keep alive.
      if (background && typeof timer === 'object') timer.unref();
      return () => clearTimeout(timer);
    },
  },
};
