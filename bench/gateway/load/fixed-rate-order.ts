// The order and the results of load at a fixed rate.

/** Requests at fixed times, independent of the responses. */
export interface FixedRateOrder {
  readonly port: number;
  readonly path: string;
  readonly bodyBytes: number;
  /** Requests a second, on average. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
}

/** Latencies, measured from the time when each request was due. */
export interface FixedRateResult {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests without a correct response. */
  readonly failures: number;
}
