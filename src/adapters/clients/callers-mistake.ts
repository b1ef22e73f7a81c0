/**
 * Codes of errors of those who call, not of backends: the request cannot be sent as it is, or what sends it
 * was closed.
 */
const CODES = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
]);

/** Whether an error, or what caused it, is the doing of whoever called. */
export function isCallersMistake(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return (typeof code === 'string' && CODES.has(code)) || (cause != null && isCallersMistake(cause));
}
