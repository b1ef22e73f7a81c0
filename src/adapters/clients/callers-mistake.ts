/**
 * Codes of errors that the caller caused, not a backend: the request is invalid, or the client was closed.
 */
const CODES = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
]);

/** Whether the caller caused an error, or its cause. */
export function isCallersMistake(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return (typeof code === 'string' && CODES.has(code)) || (cause != null && isCallersMistake(cause));
}
