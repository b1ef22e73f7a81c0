// The contract of a guard: circuit breaker, outlier ejection, slow start and a limit on requests in flight
// are guards.

import type { Env } from '../env.ts';
import type { Backend, Outcome, StrategyLease } from '../strategies/strategy.ts';
import type { CheckResult } from './check-result.ts';
import type { BalancerEvent, BalancerListener } from './events.ts';
import type { Failure, HeldLease } from './lease.ts';

/** A lease, as far as guards are concerned. */
export type GuardLease = StrategyLease & Pick<HeldLease, 'status' | 'isTrial' | 'origin'>;

/** The view of the pool that a guard gets, and the changes that it may make. */
export interface GuardControl extends Pick<Env, 'clock' | 'random'> {
  /** The members of the pool, including draining ones and those of weight 0. */
  readonly backends: readonly Backend[];
  /**
   * Whether nothing speaks against a backend: it is not down, draining or of weight 0, and no guard bars it,
   * unless because it is at its limit.
   */
  isWell(backend: Backend): boolean;
  /**
   * Whether trials had shown that a backend works before it was well again: it had a part of the load while
   * it was down or ejected the last time.
   */
  isProven(backend: Backend): boolean;
  /** Whether the last health check of a backend passed; `undefined` if there was none. */
  passesChecks(backend: Backend): boolean | undefined;
  /**
   * Bars a backend from new requests (`true`), or lifts the bar (`false`). Bars of other guards are not
   * affected.
   * @returns whether that changed anything
   */
  bar(backend: Backend, barred: boolean): boolean;
  /** Multiplies the weights of some backends by a factor, above 0 and up to 1. */
  scale(factors: ReadonlyMap<Backend, number>): void;
  emit(event: BalancerEvent): void;
  /** @returns a function that ends the subscription */
  subscribe(listener: BalancerListener): () => void;
}

/**
 * Watches how the requests of each backend end, and bars backends from new ones. A guard sets no timers and
 * does no I/O: it learns from leases, and a change that is due at a certain time takes effect at the first
 * decision after that time.
 */
export interface Guard {
  /**
   * Whether its bars mean "unhealthy": such backends are asked only where no other backend is left, and tried
   * in a crisis. Other bars hold always.
   */
  readonly isHealth: boolean;
  /**
   * Whether its bars mean "at its limit": the backend is healthy, and waiting for it helps.
   * @defaultValue false
   */
  readonly isBusy?: boolean;
  /**
   * Whether it needs {@link GuardLease}.origin, which costs some memory for each lease. @defaultValue false
   */
  readonly learnsOrigins?: boolean;
  /**
   * The next time at which its state changes by itself, in milliseconds of the clock; `Infinity` for never.
   * Read before every decision.
   */
  readonly dueAt: number;
  /**
   * Makes all changes that are due at `now`, and sets the next `dueAt`. Called before a decision once `dueAt`
   * has passed.
   */
  advance?(now: number): void;
  /** Called after a lease began; `inFlight` of its backend includes it. */
  started?(lease: GuardLease): void;
  /**
   * Called when the head of a response has come, if the shell tells of it.
   * @param isFailure - whether its status counts as the backend's failure
   */
  responded?(lease: GuardLease, isFailure: boolean): void;
  /** Called after a lease ended; `inFlight` of its backend no longer includes it. */
  finished?(lease: GuardLease, outcome: Outcome, failure?: Failure): void;
  /** Called after each health check of a backend. */
  checked?(backend: Backend, check: CheckResult): void;
  /** Why it bars a backend, in a few words, for `explain`. */
  verdict(backend: Backend): string;
}

/** Creates the guard of one balancer. */
export type GuardFactory = (control: GuardControl) => Guard;
