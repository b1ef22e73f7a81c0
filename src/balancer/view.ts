// Which members one request may go to: by the class of trust that is left for it, and as a trial.
import type { Clock } from '../env.ts';
import type { Backend } from '../strategies/strategy.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';
import type { Trial } from './trial.ts';
import { type TrustLevel, WELL } from './trust.ts';

/**
 * The view that a request has of the pool. There is one, which each decision sets anew: a decision allocates
 * nothing.
 */
export class View {
  tried: readonly Backend[] = [];
  /** The class of trust that the request asks. */
  trust: TrustLevel = WELL;
  /** Reasons that bar a member from this request. */
  mask = -1;
  /** Whether the request may be a trial. */
  mayTry = false;
  #repeatable = false;
  #now = 0;
  readonly #pool: Pool;
  readonly #clock: Clock;

  constructor(pool: Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Sets the view of a request. O(1) for one that was not tried yet. */
  set(tried: readonly Backend[], repeatable: boolean): void {
    this.tried = tried;
    this.#repeatable = repeatable;
    this.renew();
  }

  /** Sets the view anew, after the pool has changed in the middle of a decision. */
  renew(): void {
    const { tried } = this;
    const pool = this.#pool;
    if (tried.length === 0) {
      this.trust = pool.trust;
      this.mask = pool.barMask;
      this.mayTry = this.#repeatable && (pool.isCrisis || pool.trials.areEarned) && !pool.panic;
      if (this.mayTry) this.#now = this.#clock.now();
    } else {
      this.trust = pool.trustWithout(tried as readonly Member[]);
      this.mask = pool.panic ? pool.barMask : pool.barMasks[this.trust];
      // A request is one trial at the most: what has failed once goes where it is most likely to succeed.
      this.mayTry = false;
    }
  }

  /** Milliseconds until the next trial may begin. */
  waitOf({ readyAt }: Trial): number {
    return Math.max(0, readyAt - this.#clock.now());
  }

  /** Whether a member may get the request, as far as trust and trials go. */
  admits(member: Member): boolean {
    if ((member.reasons & this.mask) !== 0 && !this.isTrial(member)) return false;
    return this.tried.length === 0 || !this.tried.includes(member);
  }

  /** Whether the request would be a trial of a member, and may be. */
  isTrial(member: Member): boolean {
    if (!this.mayTry) return false;
    const { reasons, trial } = member;
    if ((reasons & this.mask) === 0 || (reasons & ~this.#pool.healthMask) !== 0) return false;
    if (trial === undefined) return this.#pool.isCrisis;
    if (trial.limit === 1 && !this.#pool.isCrisis) return false;
    return trial.inFlight < trial.limit && trial.readyAt <= this.#now;
  }
}
