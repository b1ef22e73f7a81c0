// A timer for a time of the injected clock.

import { MAX_TIMEOUT_MS } from '../deadline.ts';
import type { Env } from '../env.ts';

/** Calls a function at a time of the injected clock. */
export class Alarm {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #callback: () => void;
  #dueAt = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(env: Pick<Env, 'clock' | 'timers'>, callback: () => void) {
    this.#env = env;
    this.#callback = callback;
  }

  /** Whether the time has come, even if the timer is late. */
  get isDue(): boolean {
    return this.#env.clock.now() >= this.#dueAt;
  }

  /**
   * @param dueAt - the time in milliseconds of the clock, which replaces the one set before; `Infinity` for
   * never
   */
  set(dueAt: number): void {
    if (dueAt === this.#dueAt) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dueAt = dueAt;
    if (dueAt === Number.POSITIVE_INFINITY) return;
    // Rounded up, as platform timers cut off fractions and would fire too early.
    const delayMs = Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(dueAt - this.#env.clock.now())));
    const ring = () => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#callback();
    };
    this.#cancel = this.#env.timers.schedule(ring, delayMs, true);
  }
}
