// The local replies of the gateway that depend on nothing but their reason.
import { BAD_REQUEST, INTERNAL, type Refusal } from 'evenkeel/internal';

export type { Refusal } from 'evenkeel/internal';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

const refusal = (status: number, code: string, message: string, headers?: readonly string[]): Refusal => {
  return headers === undefined ? { status, code, message } : { status, code, message, headers };
};

/** Refusals by their reason. Messages never say where backends are. */
export const REFUSALS = {
  badHost: refusal(400, 'ERR_GW_BAD_HOST', 'exactly one valid Host header is required'),
  badTarget: refusal(400, 'ERR_GW_BAD_TARGET', 'the request target is not valid'),
  badFraming: refusal(
    400,
    'ERR_GW_BAD_FRAMING',
    'conflicting or invalid Content-Length and Transfer-Encoding',
  ),
  badRequest: BAD_REQUEST,
  badUpgrade: refusal(400, 'ERR_GW_BAD_UPGRADE', 'the protocol cannot be changed here'),
  unknownCoding: refusal(501, 'ERR_GW_TRANSFER_CODING', 'the only supported transfer coding is chunked'),
  version: refusal(505, 'ERR_GW_HTTP_VERSION', 'HTTP version not supported'),
  method: refusal(405, 'ERR_GW_METHOD', 'method not allowed', ['Allow', METHODS]),
  lastHop: refusal(200, 'ERR_GW_LAST_HOP', 'Max-Forwards is 0', ['Allow', METHODS]),
  serverOptions: refusal(200, 'ERR_GW_SERVER_OPTIONS', 'the allowed methods are in Allow', [
    'Allow',
    METHODS,
  ]),
  expectation: refusal(417, 'ERR_GW_EXPECTATION', 'the only supported expectation is 100-continue'),
  uriTooLong: refusal(414, 'ERR_GW_URI_TOO_LONG', 'the request target is too long'),
  headersTooLarge: refusal(431, 'ERR_GW_HEADERS_TOO_LARGE', 'the headers are too large or too many'),
  bodyTooLarge: refusal(413, 'ERR_GW_BODY_TOO_LARGE', 'the body is too large'),
  uploadTimeout: refusal(408, 'ERR_GW_REQUEST_TIMEOUT', 'the request was not received in time'),
  noRoute: refusal(404, 'ERR_GW_NO_ROUTE', 'no route matches this host and path'),
  wrongHost: refusal(421, 'ERR_GW_MISDIRECTED', 'this connection does not serve this host'),
  loop: refusal(508, 'ERR_GW_LOOP', 'request loop detected'),
  tooManyRequests: {
    ...refusal(429, 'ERR_GW_TOO_MANY_REQUESTS', 'too many requests of this client at a time'),
    retryAfterMs: 1_000,
  },
  internal: INTERNAL,
} as const;
