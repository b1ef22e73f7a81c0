// The contract of a strategy, and the view of a backend that strategies and callers get.

import type { Env } from '../env.ts';
import type { Arcs } from '../hashing/key-space.ts';

/**
 * A backend of the pool, as strategies and callers see it. Its numbers change all the time: read them when
 * you need them.
 */
export interface Backend {
  readonly id: string;
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** Share of the load relative to the other backends, from 0 to 1,000. */
  readonly weight: number;
  /** The configured weight; `weight` is less while slow start ramps the backend up. */
  readonly nominalWeight: number;
  readonly zone: string | undefined;
  /**
   * A small integer to index tables with. It is fixed while the backend is in the pool and reused for another
   * one afterwards.
   */
  readonly slot: number;
  /** Leases on the backend that have not ended. */
  readonly inFlight: number;
  /** Remembered keys that it owns. */
  readonly keys: number;
  /**
   * The workload that the backend last reported: the highest utilization of its resources, 0 to 1;
   * `undefined` before a report.
   */
  readonly workload: number | undefined;
  /** The time of that report, in milliseconds of the injected clock. */
  readonly reportedAt: number;
}

/**
 * How a lease ended. Only the first two tell something about the backend.
 *
 * - `success`, `failure`: of the backend
 * - `cancelled`: the client cancelled the request
 * - `rejected`: the request could not be sent as it was
 */
export type Outcome = 'success' | 'failure' | 'cancelled' | 'rejected';

/** A lease, as strategies and guards see it. */
export interface StrategyLease {
  readonly backend: Backend;
  /**
   * For strategies that measure latency to store the start of the lease; milliseconds of the injected clock.
   */
  startedAt: number;
}

/** Whether a backend may serve the current request. */
export type Eligible = (backend: Backend) => boolean;

/**
 * The order in which backends are preferred. To write a strategy of your own, return this from a
 * {@link StrategyFactory}.
 *
 * `pick` must not change the result of the next `pick`, as dry runs call it, too. Only `update`, `started`
 * and `finished` may.
 */
export interface Strategy {
  /**
   * The name, with all parameters that determine the backend of a key. It is part of the pool's fingerprint.
   */
  readonly name: string;
  /**
   * Called with all backends of a weight above 0, first at the start and again when backends or weights
   * change. Not called when the health of a backend changes.
   */
  update(backends: readonly Backend[]): void;
  /**
   * Does the work of an `update` with the same array ahead, in steps of less than a millisecond. Between them
   * `pick` goes by the tables so far. Any other `update` makes it void. Omitted if `update` is cheap.
   */
  prepare?(backends: readonly Backend[]): Iterator<void, void>;
  /**
   * The first eligible backend in this strategy's order; `undefined` if none is eligible.
   * @param key - the 32-bit hash of the request's key; a random number for a request without a key
   */
  pick(key: number, eligible: Eligible): Backend | undefined;
  /**
   * Called for every lease, right after the `pick` that chose its backend.
   * @param isSticky - whether a session determined the backend. Then `pick` was not called for this lease;
   * the last pick was for another request, or a dry run
   */
  started?(lease: StrategyLease, isSticky?: boolean): void;
  /** Called once for every lease, when it ends. */
  finished?(lease: StrategyLease, outcome: Outcome): void;
}

/**
 * A strategy that maps equal keys to the same backend. The load bounds and the memory of keys apply to such
 * strategies only.
 */
export interface KeyedStrategy extends Strategy {
  /**
   * The backend that a key belongs to while all backends are healthy and have room; `undefined` in an empty
   * pool.
   */
  home(key: number): Backend | undefined;
  /**
   * The position of a key, as a 32-bit integer, in place of the balancer's own hash. The seed does not change
   * it.
   */
  position?(key: string): number;
  /**
   * How the strategy divides the key space among some backends, by default its own. Omitted by strategies
   * without arcs.
   */
  arcs?(backends?: readonly Weighted[]): Arcs;
  /**
   * The factor that these backends' weights give the points of all backends. A change that alters it moves
   * keys between backends that the change does not concern. Omitted by strategies without such a factor.
   */
  scale?(backends: readonly Weighted[]): number;
}

/**
 * A backend with its weights; in a forecast it need not exist: `weight` alone is the configured one, and the
 * slot is missing.
 */
export type Weighted = Pick<Backend, 'id' | 'weight'> & Partial<Pick<Backend, 'nominalWeight' | 'slot'>>;

/** Creates a strategy for one balancer. */
export type StrategyFactory = (env: Pick<Env, 'clock' | 'random'>) => Strategy;

/** Whether a strategy maps keys to backends. */
export function isKeyedStrategy(strategy: Strategy): strategy is KeyedStrategy {
  return 'home' in strategy;
}
