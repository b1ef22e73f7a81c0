// What goes wrong between a client of HTTP/1.1 and a server.

/**
 * - `ETIMEDOUT`: the server took too long
 * - `ECONNRESET`: the connection ended before the message did
 * - `ERR_HTTP1_MESSAGE`: the response is not HTTP, or exceeds a limit
 * - `ERR_HTTP1_UNWRITABLE`: the request cannot be sent as it is
 * - `ERR_HTTP1_CLOSED`: there are no connections any more
 */
type Code = 'ETIMEDOUT' | 'ECONNRESET' | 'ERR_HTTP1_MESSAGE' | 'ERR_HTTP1_UNWRITABLE' | 'ERR_HTTP1_CLOSED';

/** Why there is no response, or only a part of it. Other errors are those of node:net and node:tls. */
export class ConnectionError extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}
