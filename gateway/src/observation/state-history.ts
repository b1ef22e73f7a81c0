// When a backend changed its state, and how long it was down: from the states that its pool tells.
import { type BackendState, systemEnv } from 'evenkeel';
import type { Clock } from 'evenkeel/internal';

/** What a {@link StateHistory} reads time from. */
export interface HistoryClocks {
  /** Measures how long a state lasts: never goes back. */
  readonly steady: Clock;
  /** Tells when it began, in milliseconds since 1970. */
  readonly wall: Clock;
}

const SYSTEM: HistoryClocks = { steady: systemEnv.clock, wall: { now: () => Date.now() } };

/** The states of one backend. It begins up; a backend that a check finds down at first has changed then. */
export class StateHistory {
  readonly #clocks: HistoryClocks;
  #state: BackendState = 'up';
  #downMs = 0;
  #downSince = 0;
  #changedAt: number | undefined;

  constructor(clocks = SYSTEM) {
    this.#clocks = clocks;
  }

  /** Takes the state that the backend is in now; the same state again changes nothing. */
  see(state: BackendState): void {
    if (state === this.#state) return;
    const now = this.#clocks.steady.now();
    if (this.#state === 'down') this.#downMs += now - this.#downSince;
    if (state === 'down') this.#downSince = now;
    this.#state = state;
    this.#changedAt = this.#clocks.wall.now();
  }

  /** Milliseconds since 1970; `undefined` until the first change. */
  get lastChangeAt(): number | undefined {
    return this.#changedAt;
  }

  /** How long it has been down, the time until now included. */
  get downSeconds(): number {
    const current = this.#state === 'down' ? this.#clocks.steady.now() - this.#downSince : 0;
    return (this.#downMs + current) / 1_000;
  }
}
