import { BAD_REQUEST, INTERNAL, type Refusal } from 'evenkeel/internal';

export type { Refusal } from 'evenkeel/internal';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

const refusal = (status: number, code: string, message: string, headers?: readonly string[]): Refusal => {
  return headers === undefined ? { status, code, message } : { status, code, message, headers };
};

/** The refusals that depend on nothing. */
export const REFUSALS = {
  badHost: refusal(400, 'ERR_GW_BAD_HOST', 'exactly one valid Host is needed'),
  badTarget: refusal(400, 'ERR_GW_BAD_TARGET', 'the request target cannot be used'),
  badFraming: refusal(400, 'ERR_GW_BAD_FRAMING', 'the length of the body is not clear'),
  badRequest: BAD_REQUEST,
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
  internal: INTERNAL,
} as const;
