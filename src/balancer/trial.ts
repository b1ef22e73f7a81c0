// What is kept of the trials of one unhealthy backend.

/** How long the first failure makes the next trial wait, in milliseconds. */
export const FIRST_WAIT_MS = 1_000;

/** The trials of one unhealthy backend. */
export class Trial {
  /** How many trials may be in flight: 1, and twice as many after each success. */
  limit = 1;
  inFlight = 0;
  /** When the next trial may begin, in milliseconds of the clock. */
  readyAt = Number.NEGATIVE_INFINITY;
  /** How long the next failure makes them wait. */
  waitMs = FIRST_WAIT_MS;
  /** Whether it is of the past: the backend is well again, or has left. */
  isOver = false;
}
