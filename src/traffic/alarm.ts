import { MAX_TIMEOUT_MS } from '../deadline.ts';
import type { Env } from '../env.ts';

/** Calls back once a moment of the clock has come. */
export class Alarm {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #callback: () => void;
  #dueAt = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(env: Pick<Env, 'clock' | 'timers'>, callback: () => void) {
    this.#env = env;
    this.#callback = callback;
  }

  /** Whether the moment has come, though the timer may be late. */
  get isDue(): boolean {
    return this.#env.clock.now() >= this.#dueAt;
  }

  /** @param dueAt - in milliseconds of the clock, in place of what was set before; `Infinity` for never */
  set(dueAt: number): void {
    if (dueAt === this.#dueAt) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dueAt = dueAt;
    if (dueAt === Number.POSITIVE_INFINITY) return;
    // Platform timers cut fractions off, and would come too early.
    const delayMs = Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(dueAt - this.#env.clock.now())));
    const ring = () => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#callback();
    };
    this.#cancel = this.#env.timers.schedule(ring, delayMs, true);
  }
}
