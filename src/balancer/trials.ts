// Trials: in a crisis, single requests show which of the unhealthy backends work.
import type { Clock } from '../env.ts';
import type { Outcome } from '../strategies/strategy.ts';
import type { Member } from './member.ts';
import { FIRST_WAIT_MS, Trial } from './trial.ts';

const LONGEST_WAIT_MS = 8_000;
/** A backend that has come so far gets whatever it can carry. */
const MOST_IN_FLIGHT = 2 ** 20;

/**
 * Keeps the trials of all backends. One trial at a time; a success doubles their number, a failure sets it
 * back to one and makes the next one wait 1 s, twice as long after each further failure, up to 8 s.
 */
export class Trials {
  readonly #clock: Clock;
  /** Those whose last requests succeeded: their backends have earned more than one at a time. */
  readonly #earned = new Set<Trial>();
  /** Those that wait after a failure. */
  readonly #waiting = new Set<Trial>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether some backend has earned its trials. It keeps them after the crisis, until a failure: it carries
   * a part of the load that the backends that are well may not have room for.
   */
  get areEarned(): boolean {
    return this.#earned.size > 0;
  }

  /**
   * The next time at which a backend that failed may be tried again, in milliseconds of the clock; `Infinity`
   * for none. O(unhealthy backends).
   */
  get dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    if (this.#waiting.size === 0) return due;
    const now = this.#clock.now();
    for (const trial of this.#waiting) {
      if (trial.readyAt <= now) this.#waiting.delete(trial);
      else due = Math.min(due, trial.readyAt);
    }
    return due;
  }

  /** Counts a trial in. The backend must be unhealthy. */
  begin(member: Member): Trial {
    member.trial ??= new Trial();
    member.trial.inFlight++;
    return member.trial;
  }

  /** A trial was answered, and not with a failure. */
  succeeded(trial: Trial): void {
    trial.limit = Math.min(MOST_IN_FLIGHT, trial.limit * 2);
    trial.waitMs = FIRST_WAIT_MS;
    if (!trial.isOver) this.#earned.add(trial);
  }

  /** Counts a trial out. @param hasSucceeded - whether {@link Trials.succeeded} was called */
  ended(trial: Trial, outcome: Outcome, hasSucceeded: boolean): void {
    trial.inFlight--;
    if (outcome === 'success' && !hasSucceeded) this.succeeded(trial);
    if (outcome !== 'failure') return;
    const now = this.#clock.now();
    trial.limit = 1;
    this.#earned.delete(trial);
    // Of many that fail together, one makes the others wait.
    if (trial.readyAt > now) return;
    trial.readyAt = now + trial.waitMs;
    trial.waitMs = Math.min(LONGEST_WAIT_MS, trial.waitMs * 2);
    if (!trial.isOver) this.#waiting.add(trial);
  }

  /** Ends the trials of a backend that is well again, or leaves. @returns whether it has earned them */
  forget(member: Member): boolean {
    const { trial } = member;
    if (trial === undefined) return false;
    member.trial = undefined;
    trial.isOver = true;
    this.#waiting.delete(trial);
    return this.#earned.delete(trial);
  }
}
