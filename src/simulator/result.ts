// What came of a simulation: plain data, which JSON can carry.

/** The result of {@link simulate}. */
export interface SimulationResult {
  readonly name: string;
  readonly seed: number;
  /** Requests of each contender in each placement, of those that have come when the run ended. */
  readonly requests: number;
  /** Whether the run came to its end; `false` if it was aborted. Then all contenders got the same part. */
  readonly isComplete: boolean;
  /**
   * How long the requests take to come, in virtual milliseconds, on average: the last one may be a little
   * late.
   */
  readonly durationMs: number;
  readonly placements: number;
  /** Load balancers. */
  readonly balancers: number;
  /** About when the warm-up ends, which the figures leave out, in virtual milliseconds. */
  readonly warmUpMs: number;
  /** Names of all backends, those that join later included. */
  readonly backends: readonly string[];
  /** What happened, in the order of time. */
  readonly events: readonly TimelineEvent[];
  readonly contenders: readonly ContenderResult[];
  /**
   * For each column the labels of the contenders that are best, with those whose distance from the best is
   * within the spread of the placements.
   */
  readonly best: Readonly<Record<ColumnName, readonly string[]>>;
  /** What the figures say, in sentences. */
  readonly findings: readonly string[];
  /** A digest of all the above: equal for equal scenarios on every runtime. */
  readonly digest: string;
}

/** An event on the time line of a report. */
export interface TimelineEvent {
  readonly type: string;
  readonly atMs: number;
  /** When it is over; `undefined` for something that happens at once, or lasts. */
  readonly untilMs: number | undefined;
  readonly backends: readonly string[];
  /** In words, such as `b1 crashes (reset)`. */
  readonly text: string;
}

/** What came of one contender. */
export interface ContenderResult {
  readonly label: string;
  /** The strategy with its parameters, as the engine names it. */
  readonly strategy: string;
  readonly floor: 'fast' | 'whole';
  readonly figures: Figures;
  readonly series: Series;
  readonly latency: LatencyDistribution;
  /** In the order of `backends` of the result. */
  readonly backends: readonly BackendFigures[];
  /** What the balancers noticed in the first placement, such as ejections, up to 1,000. */
  readonly noticed: readonly NoticedEvent[];
  /** The first requests, one by one, in the first placement; `undefined` if not asked for. */
  readonly trace: Trace | undefined;
}

/** A figure over all placements. */
export interface Figure {
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** The name of a column of the table. */
export type ColumnName = keyof Figures;

/** The row of a contender in the table. Requests during the warm-up do not count. */
export interface Figures {
  /** Time until the response of requests without an error, in milliseconds. */
  readonly meanMs: Figure;
  readonly p50Ms: Figure;
  readonly p99Ms: Figure;
  readonly p999Ms: Figure;
  /** Share of requests with an error: no response, no backend, or a status of 500 and above; 0 to 1. */
  readonly errors: Figure;
  /** Retries for each request; those of clients in a retry storm are not among them. */
  readonly retries: Figure;
  /** Share of requests whose key was in the backend's cache, 0 to 1; `null` without caches. */
  readonly hits: Figure | null;
  /** What the busiest backend got, over its share by weight while it was in the pool; 1 is even. */
  readonly mostOverMean: Figure;
  /** Share of the keys asked for more than once that changed their backend, spills left out; 0 to 1. */
  readonly keysMoved: Figure;
  /** Share of requests that went to another backend than their key's, which was at its limit; 0 to 1. */
  readonly spills: Figure;
}

/**
 * Figures over time, over all placements: each list has an entry for each point, which says what became of
 * the requests that came from its time on. Points without a request have `null` where nothing can be said.
 */
export interface Series {
  /** The beginning of each point, in virtual milliseconds. */
  readonly atMs: readonly number[];
  /** Requests a second. */
  readonly perSecond: readonly number[];
  readonly meanMs: readonly (number | null)[];
  readonly p50Ms: readonly (number | null)[];
  readonly p99Ms: readonly (number | null)[];
  readonly errors: readonly (number | null)[];
  readonly retries: readonly (number | null)[];
  readonly hits: readonly (number | null)[];
  readonly mostOverMean: readonly (number | null)[];
  readonly spills: readonly (number | null)[];
  /** Share of requests that went to another backend than the request for the same key before. */
  readonly moved: readonly (number | null)[];
  /** For each backend, in the order of `backends` of the result, its share of the requests. */
  readonly shares: readonly (readonly (number | null)[])[];
}

/**
 * How times until the response are distributed, over all placements: a histogram with 16 steps for each
 * doubling.
 */
export interface LatencyDistribution {
  /** The upper end of each step, in milliseconds, ascending. */
  readonly uptoMs: readonly number[];
  /** Requests of each step. */
  readonly requests: readonly number[];
}

/** What one backend got, on average over the placements, without the warm-up. */
export interface BackendFigures {
  readonly name: string;
  /** Attempts that were sent to it. */
  readonly requests: number;
  /** Its share of all attempts, from 0 to 1. */
  readonly share: number;
  /** Share of its attempts that failed. */
  readonly errors: number;
  /** Share of its attempts whose key was in its cache; `null` without one. */
  readonly hits: number | null;
  /** Share of the time that it worked, from 0 to 1. */
  readonly busy: number;
  /** The most requests that it worked on, or that waited at it, at once. */
  readonly mostAtOnce: number;
}

/** What a balancer noticed. */
export interface NoticedEvent {
  readonly atMs: number;
  /** The type of the `BalancerEvent`. */
  readonly type: string;
  readonly backend: string | undefined;
  /** The number of the balancer, from 0. */
  readonly balancer: number;
}

/**
 * The first requests, one by one. Lists that belong together have an entry for each request, or for each of
 * their attempts.
 */
export interface Trace {
  readonly requests: {
    readonly atMs: readonly number[];
    readonly endMs: readonly number[];
    /** The number of the key. */
    readonly key: readonly number[];
    readonly balancer: readonly number[];
    /** The status that the client saw; 0 if none came before the end. */
    readonly status: readonly number[];
  };
  readonly attempts: {
    /** The number of the request in the lists above. */
    readonly request: readonly number[];
    /** The number of the backend in `backends` of the result. */
    readonly backend: readonly number[];
    readonly atMs: readonly number[];
    /** When the backend began to work on it; the same as `endMs` if it never did. */
    readonly startMs: readonly number[];
    readonly endMs: readonly number[];
    /** How it ended. */
    readonly outcome: readonly AttemptOutcome[];
  };
}

/** How an attempt ended: `hit` and `miss` succeeded, with and without the cache. */
export type AttemptOutcome = 'hit' | 'miss' | 'error' | 'refused' | 'reset' | 'timeout' | 'open';
