/** What turned with a result, if anything did. */
export type Turn = 'up' | 'down' | undefined;

/**
 * Judges one backend by the results of its checks: the first result decides, after that it takes `fall` failures in a row to go
 * down and `rise` successes in a row to come up. Knows nothing of time and I/O.
 */
export class RiseAndFall {
  readonly #fall: number;
  readonly #rise: number;
  #state: 'up' | 'down' | 'unknown' = 'unknown';
  /** Results in a row that speak against the state. */
  #streak = 0;

  constructor(fall: number, rise: number) {
    this.#fall = fall;
    this.#rise = rise;
  }

  /** `unknown` before the first result. */
  get state(): 'up' | 'down' | 'unknown' {
    return this.#state;
  }

  /** Whether the last results speak against the state, but not enough of them yet. */
  get isInBetween(): boolean {
    return this.#streak > 0;
  }

  /** Takes the result of a check. @returns what the backend turns to, where it turns */
  take(succeeded: boolean): Turn {
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
