import type { BackendStats, Explanation, FailoverStats, Request, StrategyName, UrlBackend } from 'evenkeel';

/** How requests come to the backends: through a gateway, or through the class that is injected. */
export interface Way {
  /** `null` where nothing listens. */
  readonly addresses: Addresses | null;
  /** Both load bounds, held against every admission; `null` where admissions cannot be seen. */
  readonly admissions: Admissions | null;
  /** Rejects where the client gets no answer. */
  send(request: Request): Promise<Answer>;
  /** Where a request would go, and why, without side effects. */
  explain(request: Request): Promise<Explanation>;
  stats(): WayStats;
  /** Takes one more backend into the pool. */
  add(backend: PoolEntry): Promise<void>;
  close(): Promise<void>;
}

/** Opens a way to a pool of backends. */
export type OpenWay = (pool: readonly PoolEntry[], strategy: StrategyName) => Promise<Way>;

/** A backend, as the pools of either way list it. */
export type PoolEntry = UrlBackend & { readonly id: string };

/** Where a gateway can be reached. */
export interface Addresses {
  readonly gateway: string;
  readonly dashboard: string;
}

/** How many admissions were held against the bounds. */
export interface Admissions {
  readonly checked: number;
  /** Those that put more on a backend than a bound allows. */
  readonly broken: number;
}

/** What a client gets. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly fromCache: boolean;
}

/** A pool, as either way knows it. */
export interface WayStats {
  readonly backends: readonly WayBackend[];
  /** By what made them necessary. */
  readonly retries: FailoverStats['retries'];
  /** Oldest first. */
  readonly incidents: readonly Incident[];
}

export const NO_RETRIES: WayStats['retries'] = { status: 0, error: 0, unsent: 0 };

export type WayBackend = Pick<
  BackendStats,
  'id' | 'state' | 'weight' | 'currentWeight' | 'requests' | 'failures' | 'keys' | 'spills' | 'inFlight'
>;

/** Something that was found out about a backend, for example that it is `down` or was `ejected`. */
export interface Incident {
  readonly type: string;
  readonly backend: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}
