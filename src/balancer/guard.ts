import type { Env } from '../env.ts';
import type { Backend, Outcome, StrategyLease } from '../strategies/strategy.ts';
import type { BalancerEvent, BalancerListener } from './events.ts';

/** What a guard may see and do. */
export interface GuardControl extends Pick<Env, 'clock' | 'random'> {
  /** The members of the pool, those of weight 0 and draining ones included. */
  readonly backends: readonly Backend[];
  /** Whether a backend may take requests now, as far as all guards, health and drain are concerned. */
  isEligible(backend: Backend): boolean;
  /** Keeps a backend from taking requests, on account of this guard alone, or lets it again. @returns whether that changed anything */
  bar(backend: Backend, barred: boolean): boolean;
  /** Scales the weights of some backends, from above 0 to 1. */
  scale(factors: ReadonlyMap<Backend, number>): void;
  emit(event: BalancerEvent): void;
  /** @returns a function that ends the subscription */
  subscribe(listener: BalancerListener): () => void;
}

/**
 * Watches how backends do and bars those that should rest. Pure like the engine: a guard learns through leases, and what changes
 * by itself in time is settled at the next decision after it was due.
 */
export interface Guard {
  /** Whether panic ignores it: true for judgements of health. */
  readonly isHealth: boolean;
  /** Whether waiting helps: what it bars is busy, not broken. */
  readonly isBusy?: boolean;
  /** When something next changes by itself, in milliseconds of the clock; `Infinity` for never. Read before every decision. */
  readonly dueAt: number;
  /** Brings everything up to date. Called once `dueAt` has come. */
  settle?(now: number): void;
  /** A lease has begun; `inFlight` counts it. */
  started?(lease: StrategyLease): void;
  /** A lease has ended; `inFlight` no longer counts it. */
  finished?(lease: StrategyLease, outcome: Outcome): void;
  /** Why it bars a backend, in a few words, for `explain`. */
  verdict(backend: Backend): string;
}

/** Makes a guard for one balancer. */
export type GuardFactory = (control: GuardControl) => Guard;
