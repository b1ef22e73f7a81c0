// One request at a simulated backend.
import type { Scheduled } from './event-queue.ts';

/** What came of a request: the status of the response, or the reason why there is none. */
export type Result = number | 'refused' | 'reset';

/** The backend that a job is at. */
export interface Workplace {
  /** Called when the work on a job is done. */
  done(job: Job): void;
}

/** A request at a backend, which works on it, lets it wait, or fails. Subclasses learn how it ended. */
export abstract class Job implements Scheduled {
  /** By which the cache knows it. */
  readonly key: string | number;
  /** Milliseconds that it takes at speed 1; where the backend has a cache, what a miss takes. */
  readonly sizeMs: number;
  /** When the work on it began; NaN before. */
  startedAt = Number.NaN;
  /** Whether it was looked for in a cache, and whether its key was there. */
  hasLooked = false;
  isHit = false;
  /** What will come of it. */
  result: Result = 200;
  /** The backend lost it: what was planned for it does not happen. */
  isOver = false;
  /** Its place among those that the backend works on; -1 for none. */
  place = -1;
  workplace: Workplace | undefined = undefined;

  constructor(key: string | number, sizeMs: number) {
    this.key = key;
    this.sizeMs = sizeMs;
  }

  /** Called once, with what came of it. */
  abstract ended(result: Result): void;

  happen(): void {
    this.workplace?.done(this);
  }
}

/** A job that calls back when it has ended. */
export class CallbackJob extends Job {
  readonly #ended: (result: Result) => void;

  constructor(key: string | number, sizeMs: number, ended: (result: Result) => void) {
    super(key, sizeMs);
    this.#ended = ended;
  }

  ended(result: Result): void {
    this.#ended(result);
  }
}
