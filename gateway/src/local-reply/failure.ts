import { LoadbalancerError } from 'evenkeel';
import { REFUSALS, type Refusal } from './refusal.ts';

/** Errors of the HTTP client that mean that time was up. */
const TIMEOUTS = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

/** Errors that mean that this process can open no more connections: file descriptors, ports or memory of the machine have run out. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS']);

/** An attempt that failed; `requestSent` is what failover asks for. */
export class AttemptError extends Error {
  readonly isTimeout: boolean;
  /** Whether no connection could be opened from here. */
  readonly isExhausted: boolean;
  /** Whether it is not the backend's fault: the request itself cannot be sent as it is, or nothing can be sent at all. */
  readonly isOurs: boolean;
  /** `false` where it is sure that nothing was sent. */
  readonly requestSent: boolean;

  constructor(cause: unknown, requestSent: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    const code = codeOf(cause);
    this.isTimeout = TIMEOUTS.has(code);
    this.isExhausted = EXHAUSTED.has(code);
    const cannotBeSent = code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH';
    this.isOurs = cannotBeSent || this.isExhausted;
    this.requestSent = requestSent;
  }
}

/** What a client is told of an error; nothing of it tells where backends are. */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof AttemptError) {
    if (error.isExhausted) return REFUSALS.exhausted;
    if (error.isOurs) return REFUSALS.badRequest;
    return error.isTimeout ? REFUSALS.timeout : REFUSALS.upstream;
  }
  if (error instanceof LoadbalancerError) {
    const { status, code, message } = error;
    const { retryAfterMs } = error as { retryAfterMs?: number };
    return { status, code, message, retryAfterMs: retryAfterMs ?? (status === 503 ? 1_000 : undefined) };
  }
  return REFUSALS.internal;
}

/** What a client is told that came too often. The headers of its admission say when to come back. */
export function rateRefusal({ status, code, message }: LoadbalancerError): Refusal {
  return { status, code, message };
}

/** The code of an error, or of what caused it. */
function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? '' : codeOf(cause);
}
