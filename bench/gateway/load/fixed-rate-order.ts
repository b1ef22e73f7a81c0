// The order and the results of load at a fixed rate.

/** A server that is measured. */
export interface RateTarget {
  readonly port: number;
  /** The process whose processor time counts; `undefined` for none. */
  readonly pid: number | undefined;
}

/** Requests at fixed times, independent of the responses, to one target after the other in short turns. */
export interface FixedRateOrder {
  readonly targets: readonly RateTarget[];
  readonly path: string;
  readonly bodyBytes: number;
  /** Requests a second, on average. */
  readonly rate: number;
  /** Seconds of each target. */
  readonly seconds: number;
  readonly connections: number;
}

/** The results of one target. Latencies are measured from the time when each request was due. */
export interface FixedRateResult {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of each request in microseconds, if a process was named. */
  readonly cpuUs?: number;
  /** Requests without a correct response. */
  readonly failures: number;
}
