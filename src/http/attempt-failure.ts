// Whose fault it is that an attempt gave no response: the backend's, the request's, or neither's.
import { failureKind } from './failure-kind.ts';
import { isUnsent } from './unsent.ts';

/**
 * How an attempt failed.
 *
 * - `sent`: the backend may have seen the request
 * - `unsent`: nothing was sent, for certain
 * - `rejected`: the request cannot be sent as it is; not the backend's fault, and never retried
 * - `cancelled`: neither the request nor the backend is to blame: the client broke off, or this process
 *   cannot connect, or cannot read a valid response; never retried
 */
export type AttemptFailure = 'sent' | 'unsent' | 'rejected' | 'cancelled';

/** Codes of HTTP clients that were closed while requests were under way. */
const CLOSED = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/**
 * How an attempt failed, from the error of an HTTP client.
 * @param isKnownUnsent - whether it is certain that nothing was sent @defaultValue read from the error
 */
export function attemptFailure(error: unknown, isKnownUnsent?: boolean): AttemptFailure {
  switch (failureKind(error)) {
    case 'unsendable':
      return 'rejected';
    case 'exhausted':
    case 'unreadable':
      return 'cancelled';
    default:
      if (isClosed(error)) return 'cancelled';
      return (isKnownUnsent ?? isUnsent(error)) ? 'unsent' : 'sent';
  }
}

function isClosed(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return (typeof code === 'string' && CLOSED.has(code)) || (cause != null && isClosed(cause));
}
