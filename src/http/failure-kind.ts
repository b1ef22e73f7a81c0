// Classifies the errors of HTTP clients: those of undici (also inside Node's `fetch`) and of Node's sockets.

/** Codes of timeouts. */
const TIMEOUTS = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

/** This process can open no more connections: file descriptors, ports or memory have run out. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS']);

/** The request is invalid. */
const UNSENDABLE = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH']);

/**
 * Why an attempt failed.
 *
 * - `timeout`: the backend took too long
 * - `exhausted`: this process can open no more connections
 * - `unsendable`: the request is invalid
 * - `broken`: anything else; the backend's fault
 */
export type FailureKind = 'timeout' | 'exhausted' | 'unsendable' | 'broken';

/** Classifies an error by its code, or by the code of its cause. */
export function failureKind(error: unknown): FailureKind {
  const code = codeOf(error);
  if (TIMEOUTS.has(code)) return 'timeout';
  if (EXHAUSTED.has(code)) return 'exhausted';
  return UNSENDABLE.has(code) ? 'unsendable' : 'broken';
}

/** The code of an error, or of its cause. */
function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? '' : codeOf(cause);
}
