/** Clients that take their answers slowly, all at the same time. */
export interface SlowClientsOrder {
  readonly port: number;
  readonly path: string;
  readonly bodyBytes: number;
  readonly clients: number;
  /** How long each takes nothing at all, once it has asked. */
  readonly stallMs: number;
  /** About how long each takes for the body then; 0 has it leave without the rest. */
  readonly takeMs: number;
}

/** What came of it. */
export interface SlowClientsResult {
  /** Clients without the whole of a right answer, or, where they left, without the beginning of one. */
  readonly failures: number;
}
