/** Requests that come at times of their own, however fast they are answered. */
export interface FixedRateOrder {
  readonly port: number;
  readonly path: string;
  readonly bodyBytes: number;
  /** Requests a second, on average. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
}

/** How long they took, from when each was due. */
export interface FixedRateResult {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests without a right answer. */
  readonly failures: number;
}
