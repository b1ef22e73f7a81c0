// Where a gateway writes its log lines, and the fields of a line of the access log.

/** One line of the access log. */
export interface AccessRecord {
  readonly requestId: string;
  readonly method: string;
  /** Path without its query: that may hold secrets. */
  readonly path: string;
  readonly host: string;
  readonly protocol: string;
  readonly clientAddress: string;
  /** 499 where the client left. */
  readonly status: number;
  readonly pool: string | undefined;
  readonly backend: string | undefined;
  /** Backends that were tried. */
  readonly attempts: number;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** The code of the gateway's own error. */
  readonly code: string | undefined;
}

/** Where a gateway writes what it has to say. */
export interface GatewayLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Left out where nobody wants them. */
  readonly access?: ((record: AccessRecord) => void) | undefined;
}
