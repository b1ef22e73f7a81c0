// The time, read less often than asked for.
import type { Clock } from '../env.ts';

const ASKED_A_READING = 8;
/** A clock that is asked less often than eight times in this many milliseconds is read each time. */
const EXACT_MS = 100;

/**
 * A clock for what need not be exact: reading the real one takes half as long as a decision. It lags behind
 * by up to seven calls.
 */
export class CoarseClock {
  readonly #clock: Clock;
  #now = Number.NEGATIVE_INFINITY;
  #left = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds of the clock, not quite now. */
  now(): number {
    return this.#left-- > 0 ? this.#now : this.read();
  }

  /** Milliseconds of the clock, exactly. */
  read(): number {
    const now = this.#clock.now();
    this.#left = now - this.#now < EXACT_MS ? ASKED_A_READING - 1 : 0;
    this.#now = now;
    return now;
  }
}
