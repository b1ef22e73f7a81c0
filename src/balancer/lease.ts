// The lease: the right to send one request to one backend.

import { checkRule, oneOf } from '../options/rule.ts';
import type { Backend, Outcome, StrategyLease } from '../strategies/strategy.ts';
import type { HeldKey } from './held-keys.ts';
import type { Trial } from './trial.ts';
import type { Trust } from './trust.ts';

/** On platforms without explicit resource management, a symbol of our own that no runtime looks up. */
const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose);

/**
 * How a backend failed:
 * - `connection`: it refused the connection, or the connection broke;
 * - `late`: no head of a response came in time;
 * - `status`: it responded with a status that counts as a failure.
 */
export type FailureCause = 'connection' | 'late' | 'status';

/** How a lease ended in a failure. */
export interface Failure {
  readonly cause: FailureCause;
  /**
   * Whether the request is to be sent to another backend, so that its result there tells whose fault it was.
   */
  readonly isRetried: boolean;
}

/** What a failure is released with. */
export type FailureDetails = Partial<Failure>;

/** Receives what becomes of a lease. */
export interface Lessor {
  responded(lease: HeldLease, isFailure: boolean): void;
  ended(lease: HeldLease, outcome: Outcome, failure: Failure | undefined): void;
}

/**
 * The right to send one request to one backend. It counts as load of that backend until it is released, which
 * is due when the last byte of the response was sent, or the tunnel was closed. Every lease must be released;
 * a `using` declaration does so by itself.
 */
export interface Lease {
  readonly backend: Backend;
  /** Whether the request spilled over, because the backend that owns its key was at its limit. */
  readonly spilled: boolean;
  /** Whether the key of the request was remembered; `false` without a key. */
  readonly remembered: boolean;
  /** How far the backend is trusted. */
  readonly trust: Trust;
  /**
   * Whether the request is a trial of an unhealthy backend. If it fails, it is to be sent to another backend,
   * which costs it no retry.
   */
  readonly isTrial: boolean;
  /**
   * Tells that the head of the response has come. Optional, but a backend is judged sooner, and more justly:
   * a long response does not hide that its backend works, and a failure by status can be told from a broken
   * connection. Only the first call counts.
   * @param isFailure - whether the status counts as the backend's failure. @defaultValue false
   */
  responded(status: number, isFailure?: boolean): void;
  /**
   * Ends the lease; only the first call counts.
   * @param outcome - @defaultValue `'success'`
   * @param failure - how the backend failed. Its `cause` is `'status'` by default if the backend responded
   * with a failure, else `'connection'`; `isRetried` is false
   */
  release(outcome?: Outcome, failure?: FailureDetails): void;
  /** Ends the lease as a success, unless it was released before. */
  [dispose](): void;
}

const OUTCOMES = oneOf(['success', 'failure', 'cancelled', 'rejected'] satisfies Outcome[]);

/** Where the request of a lease comes from, as far as guards need to know to judge its failures. */
export class Origin {
  /** The key of the request. */
  readonly key: string | undefined;
  /** Who sends the request, for example an address; `undefined` if that is not known. */
  readonly client: string | undefined;
  /** The lease of the attempt before, if the request was sent before and failed. */
  readonly previous: HeldLease | undefined;

  constructor(key: string | undefined, client: string | undefined, previous: HeldLease | undefined) {
    this.key = key;
    this.client = client;
    this.previous = previous;
  }
}

/** A {@link Lease} as the engine holds it. */
export class HeldLease implements Lease, StrategyLease {
  readonly backend: Backend;
  readonly spilled: boolean;
  readonly remembered: boolean;
  readonly trust: Trust;
  /** The trials that the request is one of. */
  readonly trial: Trial | undefined;
  /** Belongs to the strategy, hence not part of {@link Lease}: only one that measures time sets it. */
  startedAt = 0;
  /** The key that the lease holds on its backend, with strict affinity. */
  held: HeldKey | undefined = undefined;
  /** Where the request comes from; `undefined` unless a guard needs it. */
  origin: Origin | undefined = undefined;
  /** Status of the response; `undefined` before its head has come. */
  status: number | undefined = undefined;
  #isFailure = false;
  #lessor: Lessor | undefined;

  constructor(
    backend: Backend,
    lessor: Lessor,
    decision: Pick<Lease, 'spilled' | 'remembered'>,
    trust: Trust,
    trial: Trial | undefined,
  ) {
    this.backend = backend;
    this.spilled = decision.spilled;
    this.remembered = decision.remembered;
    this.trust = trust;
    this.trial = trial;
    this.#lessor = lessor;
  }

  get isTrial(): boolean {
    return this.trial !== undefined;
  }

  responded(status: number, isFailure = false): void {
    if (this.status !== undefined) return;
    this.status = status;
    this.#isFailure = isFailure;
    this.#lessor?.responded(this, isFailure);
  }

  release(outcome: Outcome = 'success', failure?: FailureDetails): void {
    const lessor = this.#lessor;
    this.#lessor = undefined;
    if (outcome === 'failure')
      lessor?.ended(this, outcome, {
        cause: failure?.cause ?? (this.#isFailure ? 'status' : 'connection'),
        isRetried: failure?.isRetried ?? false,
      });
    else if (OUTCOMES.holds(outcome)) lessor?.ended(this, outcome, undefined);
    else {
      // The lease ends all the same: held for ever, it would count as load for ever.
      lessor?.ended(this, 'cancelled', undefined);
      checkRule(OUTCOMES, outcome, 'outcome');
    }
  }

  [dispose](): void {
    this.release();
  }
}
