import type { Env } from '../env.ts';
import type { Arcs } from '../hashing/key-space.ts';

/** A member of the pool, as strategies and callers see it. Its numbers are live: read them when they are needed. */
export interface Backend {
  readonly id: string;
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** Share of the load relative to the others, 0 to 1,000. */
  readonly weight: number;
  readonly zone: string | undefined;
  /** A small integer, stable while the backend is in the pool and free for another one afterwards: an index for tables. */
  readonly slot: number;
  /** Leases held on the backend now. */
  readonly inFlight: number;
  /** Remembered keys whose place is here. */
  readonly keys: number;
  /** What the backend last reported of itself: the most used of its resources, 0 to 1; `undefined` before that. */
  readonly workload: number | undefined;
  /** When that was, in milliseconds of the injected clock. */
  readonly reportedAt: number;
}

/** How a lease ended: the backend's success, its failure, or the client's doing. */
export type Outcome = 'success' | 'failure' | 'cancelled';

/** A lease, as far as strategies are concerned. */
export interface StrategyLease {
  readonly backend: Backend;
  /** Free for a strategy that measures time; milliseconds of the injected clock. */
  startedAt: number;
}

/** Whether a backend may take the request at hand. */
export type Eligible = (backend: Backend) => boolean;

/**
 * An order in which backends are tried. To write one, return this from a {@link StrategyFactory}.
 *
 * `pick` only looks: what it would do next time may change in `started` and `finished`, never in `pick`
 * itself, so that a dry run tells the truth.
 */
export interface Strategy {
  /** Name and parameters, as far as they decide where a key goes; part of the pool's fingerprint. */
  readonly name: string;
  /** Called at the start and when members or weights change, with the members of a weight above 0; never for health. */
  update(backends: readonly Backend[]): void;
  /**
   * The first eligible backend in this strategy's own order, or `undefined` where none is.
   * @param key - the 32-bit hash of the request's key; a random number where it has none
   */
  pick(key: number, eligible: Eligible): Backend | undefined;
  /**
   * Called for every lease, right after the `pick` that chose its backend.
   * @param isSticky - whether a session chose it, without a `pick`: the last one was for somebody else, or a dry run
   */
  started?(lease: StrategyLease, isSticky?: boolean): void;
  /** Called once for every lease. */
  finished?(lease: StrategyLease, outcome: Outcome): void;
}

/** A strategy that sends equal keys to equal backends. Load bounds and the memory of keys apply to these. */
export interface KeyedStrategy extends Strategy {
  /** Where a key lives while everybody is well; `undefined` in an empty pool. */
  home(key: number): Backend | undefined;
  /** The key space as this strategy divides it among some backends, its own by default; left out where it has no arcs. */
  arcs?(backends?: readonly Weighted[]): Arcs;
}

/** A backend, real or supposed, with its weight. */
export type Weighted = Pick<Backend, 'id' | 'weight'>;

/** Makes a strategy for one balancer. */
export type StrategyFactory = (env: Pick<Env, 'clock' | 'random'>) => Strategy;

/** Whether a strategy has homes for keys. */
export function isKeyedStrategy(strategy: Strategy): strategy is KeyedStrategy {
  return 'home' in strategy;
}
