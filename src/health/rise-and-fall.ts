// The rule of active health checks: rise and fall.

/** The new state if a result changed it, else `undefined`. */
export type Turn = 'up' | 'down' | undefined;

/**
 * Determines the state of one backend from the results of its checks. The first result decides at once.
 * Afterwards `fall` failures in a row change the state to down, and `rise` successes in a row change it to
 * up. Independent of time and I/O.
 */
export class RiseAndFall {
  readonly #fall: number;
  readonly #rise: number;
  #state: 'up' | 'down' | 'unknown';
  /** Number of results in a row that contradict the state. */
  #streak = 0;

  /** @param state - where it begins; with `unknown` the first result decides */
  constructor(fall: number, rise: number, state: 'up' | 'down' | 'unknown' = 'unknown') {
    this.#fall = fall;
    this.#rise = rise;
    this.#state = state;
  }

  /** `unknown` before the first result. */
  get state(): 'up' | 'down' | 'unknown' {
    return this.#state;
  }

  /** Whether the last results contradict the state, but too few of them to change it. */
  get isInBetween(): boolean {
    return this.#streak > 0;
  }

  /** Records the result of a check. @returns the new state if it changed */
  record(succeeded: boolean): Turn {
    const next = succeeded ? 'up' : 'down';
    if (next === this.#state) {
      this.#streak = 0;
      return undefined;
    }
    this.#streak++;
    if (this.#state !== 'unknown' && this.#streak < (succeeded ? this.#rise : this.#fall)) return undefined;
    this.#state = next;
    this.#streak = 0;
    return next;
  }
}
