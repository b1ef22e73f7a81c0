// The order and the results of slow clients.

/** An order for many concurrent clients that read slowly. */
export interface SlowClientsOrder {
  readonly port: number;
  readonly path: string;
  readonly bodyBytes: number;
  readonly clients: number;
  /** How long each client reads nothing after its request. */
  readonly stallMs: number;
  /** Approximate time for reading the body then; at 0 it leaves without the rest. */
  readonly takeMs: number;
}

/** The results. */
export interface SlowClientsResult {
  /** Clients without a complete correct response or, if they left, without the beginning of one. */
  readonly failures: number;
}
