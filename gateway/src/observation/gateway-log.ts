// Where a gateway writes its log lines, and the fields of a line of the access log.

/** One line of the access log. */
export interface AccessRecord {
  readonly requestId: string;
  readonly method: string;
  /** Path without its query, which may hold secrets. */
  readonly path: string;
  readonly host: string;
  readonly protocol: string;
  readonly clientAddress: string;
  /** 499 if the client left. */
  readonly status: number;
  readonly pool: string | undefined;
  readonly backend: string | undefined;
  /**
   * Hash of the key that affinity goes by, 8 hexadecimal digits, as `explain` tells it; `undefined` without a
   * key, or without a pool.
   */
  readonly keyHash: string | undefined;
  /** Whether the last attempt went elsewhere because the backend of its key was at its limit. */
  readonly spilled: boolean;
  /** Whether the key was known from requests before. */
  readonly remembered: boolean;
  /** Number of backends that were tried. */
  readonly attempts: number;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** The code of the gateway's own error. */
  readonly code: string | undefined;
}

/** Takes the log lines of a gateway. */
export interface GatewayLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Left out if access lines are not wanted. */
  readonly access?: ((record: AccessRecord) => void) | undefined;
}
