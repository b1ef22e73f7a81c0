/** Why the gateway answers by itself. */
export interface Refusal {
  /** Status of the answer (RFC 9110 section 15). */
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** For people; never tells of what lies behind the gateway. */
  readonly message: string;
  /** Milliseconds after which another try has a chance. */
  readonly retryAfterMs?: number | undefined;
  /** More headers, names and values by turns. */
  readonly headers?: readonly string[];
}

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

const refusal = (status: number, code: string, message: string, headers?: readonly string[]): Refusal => {
  return headers === undefined ? { status, code, message } : { status, code, message, headers };
};

/** The refusals that depend on nothing. */
export const REFUSALS = {
  badHost: refusal(400, 'ERR_GW_BAD_HOST', 'exactly one valid Host is needed'),
  badTarget: refusal(400, 'ERR_GW_BAD_TARGET', 'the request target cannot be used'),
  badFraming: refusal(400, 'ERR_GW_BAD_FRAMING', 'the length of the body is not clear'),
  badRequest: refusal(400, 'ERR_GW_BAD_REQUEST', 'the request cannot be understood'),
  badUpgrade: refusal(400, 'ERR_GW_BAD_UPGRADE', 'only a GET without a body can be upgraded'),
  unknownCoding: refusal(501, 'ERR_GW_TRANSFER_CODING', 'only the transfer coding chunked is understood'),
  version: refusal(505, 'ERR_GW_HTTP_VERSION', 'this version of HTTP is not served here'),
  method: refusal(405, 'ERR_GW_METHOD', 'the method is not served here', ['Allow', METHODS]),
  unknownMethod: refusal(501, 'ERR_GW_UNKNOWN_METHOD', 'the method is not known here'),
  lastHop: refusal(200, 'ERR_GW_LAST_HOP', 'Max-Forwards ends here', ['Allow', METHODS]),
  serverOptions: refusal(200, 'ERR_GW_SERVER_OPTIONS', 'these methods are served here', ['Allow', METHODS]),
  expectation: refusal(417, 'ERR_GW_EXPECTATION', 'the only expectation that can be met is 100-continue'),
  uriTooLong: refusal(414, 'ERR_GW_URI_TOO_LONG', 'the request target is too long'),
  headersTooLarge: refusal(431, 'ERR_GW_HEADERS_TOO_LARGE', 'the headers are too large or too many'),
  bodyTooLarge: refusal(413, 'ERR_GW_BODY_TOO_LARGE', 'the body is too large'),
  uploadTimeout: refusal(408, 'ERR_GW_REQUEST_TIMEOUT', 'the request took too long to come'),
  noRoute: refusal(404, 'ERR_GW_NO_ROUTE', 'nothing is served here'),
  wrongHost: refusal(421, 'ERR_GW_MISDIRECTED', 'this host is not served on this connection'),
  loop: refusal(508, 'ERR_GW_LOOP', 'the request has been here before'),
  upstream: refusal(502, 'ERR_LB_UPSTREAM', 'the backend failed'),
  timeout: refusal(504, 'ERR_LB_TIMEOUT', 'the backend did not answer in time'),
  exhausted: {
    ...refusal(503, 'ERR_GW_EXHAUSTED', 'the gateway can open no more connections'),
    retryAfterMs: 1_000,
  },
  internal: refusal(500, 'ERR_GW_INTERNAL', 'the gateway failed'),
} as const;
