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
const UNSENDABLE = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

/**
 * undici breaks off at a 100 or 101 that it has not asked for, with an error that has no code of its own. A
 * client must accept unasked 1xx responses (RFC 9110 section 15.2).
 */
const UNREADABLE = /^bad (?:response|upgrade)$/;

/**
 * Why an attempt failed.
 *
 * - `timeout`: the backend took too long
 * - `exhausted`: this process can open no more connections
 * - `unsendable`: the request is invalid
 * - `unreadable`: the response is one that our HTTP client does not read, though it is valid
 * - `broken`: anything else; the backend's fault
 */
export type FailureKind = 'timeout' | 'exhausted' | 'unsendable' | 'unreadable' | 'broken';

/** Classifies an error by its code, or by the code of its cause. */
export function failureKind(error: unknown): FailureKind {
  if (isMarkedRejected(error)) return 'unsendable';
  const { code, message } = codedError(error);
  if (TIMEOUTS.has(code)) return 'timeout';
  if (EXHAUSTED.has(code)) return 'exhausted';
  if (code === 'UND_ERR_SOCKET' && UNREADABLE.test(message)) return 'unreadable';
  // Some versions fail an assertion of their own instead: a defect of the client, not of the backend.
  if (code === 'ERR_ASSERTION') return 'unreadable';
  return UNSENDABLE.has(code) ? 'unsendable' : 'broken';
}

/** Whether an HTTP service says that the request cannot be sent as it is. */
function isMarkedRejected(error: unknown): boolean {
  return (error as { requestRejected?: unknown } | null | undefined)?.requestRejected === true;
}

/** The code and the message of an error, or of its cause. */
function codedError(error: unknown): { code: string; message: string } {
  const { code, cause, message } = (error ?? {}) as { code?: unknown; cause?: unknown; message?: unknown };
  // The code of an error of ours tells less than its cause.
  if (typeof code === 'string' && !code.startsWith('ERR_LB_')) return { code, message: String(message) };
  return cause == null ? { code: '', message: '' } : codedError(cause);
}
