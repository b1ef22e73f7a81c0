// The contract of a guard: circuit breaker, outlier ejection, slow start and a limit on requests in flight
// are guards.

import type { Env } from '../env.ts';
import type { Backend, Outcome, StrategyLease } from '../strategies/strategy.ts';
import type { BalancerEvent, BalancerListener } from './events.ts';

/** The view of the pool that a guard gets, and the changes that it may make. */
export interface GuardControl extends Pick<Env, 'clock' | 'random'> {
  /** The members of the pool, including draining ones and those of weight 0. */
  readonly backends: readonly Backend[];
  /**
   * Whether a backend may get requests now: no guard bars it, and it is not down, draining or of weight 0.
   */
  isEligible(backend: Backend): boolean;
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
  /** Whether its bars mean "unhealthy". Panic ignores such bars. */
  readonly isHealth: boolean;
  /**
   * Whether its bars mean "at its limit": the backend is healthy, and waiting for it helps.
   * @defaultValue false
   */
  readonly isBusy?: boolean;
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
  started?(lease: StrategyLease): void;
  /** Called after a lease ended; `inFlight` of its backend no longer includes it. */
  finished?(lease: StrategyLease, outcome: Outcome): void;
  /** Why it bars a backend, in a few words, for `explain`. */
  verdict(backend: Backend): string;
}

/** Creates the guard of one balancer. */
export type GuardFactory = (control: GuardControl) => Guard;
