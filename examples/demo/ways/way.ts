// The interface of a way of requests to the backends.

import type { BackendStats, Explanation, FailoverStats, Request, StrategyName, UrlBackend } from 'evenkeel';

/** The way of requests to the backends: through a gateway, or through the injected class. */
export interface Way {
  /** The addresses of the gateway; `null` without one. */
  readonly addresses: Addresses | null;
  /** The checks of both load bounds at every admission; `null` if admissions cannot be observed. */
  readonly admissions: Admissions | null;
  /** Sends a request. Rejects if there is no response. */
  send(request: Request): Promise<Answer>;
  /** Explains a request, without side effects. */
  explain(request: Request): Promise<Explanation>;
  stats(): WayStats;
  /** Adds a backend to the pool. */
  add(backend: PoolEntry): Promise<void>;
  close(): Promise<void>;
}

/** Opens a way to a pool of backends. */
export type OpenWay = (pool: readonly PoolEntry[], strategy: StrategyName) => Promise<Way>;

/** The pool entry of a backend, for both ways. */
export type PoolEntry = UrlBackend & { readonly id: string };

/** The addresses of a gateway. */
export interface Addresses {
  readonly gateway: string;
  readonly dashboard: string;
}

/** Number of checked admissions. */
export interface Admissions {
  readonly checked: number;
  /** Admissions that exceeded a bound. */
  readonly broken: number;
}

/** The response that a client gets. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly fromCache: boolean;
}

/** The figures of a pool, for both ways. */
export interface WayStats {
  readonly backends: readonly WayBackend[];
  /** Retries by reason. */
  readonly retries: FailoverStats['retries'];
  /** The events, the oldest first. */
  readonly incidents: readonly Incident[];
}

export const NO_RETRIES: WayStats['retries'] = { status: 0, error: 0, unsent: 0, trial: 0 };

export type WayBackend = Pick<
  BackendStats,
  'id' | 'state' | 'weight' | 'currentWeight' | 'requests' | 'failures' | 'keys' | 'spills' | 'inFlight'
>;

/** An event of a backend, for example `down` or `ejected`. */
export interface Incident {
  readonly type: string;
  readonly backend: string;
  /** Its time in milliseconds since 1970. */
  readonly at: number;
}
