// Responses that a proxy creates itself, if it cannot pass on a response of a backend: status, code and
// message.
import type { LoadbalancerError } from '../errors.ts';
import type { FailureKind } from './failure-kind.ts';

/** A response that a proxy creates itself. */
export interface Refusal {
  /** Status of the response (RFC 9110 section 15). */
  readonly status: number;
  /** A stable code for programs. */
  readonly code: string;
  /** A message for people. It never contains addresses of backends. */
  readonly message: string;
  /** Milliseconds after which a request may succeed. */
  readonly retryAfterMs?: number | undefined;
  /** Additional headers: a flat list of names and values. */
  readonly headers?: readonly string[];
}

/** The request is invalid for every backend. */
export const BAD_REQUEST: Refusal = {
  status: 400,
  code: 'ERR_GW_BAD_REQUEST',
  message: 'bad request',
};

/** A defect of the proxy itself. */
export const INTERNAL: Refusal = {
  status: 500,
  code: 'ERR_GW_INTERNAL',
  message: 'internal error of the gateway',
};

/** The refusal for an attempt that failed, by its kind. */
export const FAILURES: Readonly<Record<FailureKind, Refusal>> = {
  timeout: { status: 504, code: 'ERR_LB_TIMEOUT', message: 'the backend did not answer in time' },
  broken: { status: 502, code: 'ERR_LB_UPSTREAM', message: 'the backend failed' },
  exhausted: {
    status: 503,
    code: 'ERR_GW_EXHAUSTED',
    message: 'the gateway cannot open more connections',
    retryAfterMs: 1_000,
  },
  unsendable: {
    status: 400,
    code: 'ERR_LB_BAD_REQUEST',
    message: 'the request cannot be sent as it is',
  },
  unreadable: { status: 502, code: 'ERR_LB_UPSTREAM', message: 'the response cannot be read' },
};

/** The refusal for an error of the load balancer. A 503 without `retryAfterMs` gets one second. */
export function refusalOf(error: LoadbalancerError): Refusal {
  const { status, code, message, retryAfterMs } = error as LoadbalancerError & { retryAfterMs?: number };
  return { status, code, message, retryAfterMs: retryAfterMs ?? (status === 503 ? 1_000 : undefined) };
}

/** The body of a refusal as JSON: `{ code, message, requestId }`. */
export function refusalJson({ code, message }: Refusal, requestId: string): string {
  return JSON.stringify({ code, message, requestId });
}

/** The value of `Retry-After` (RFC 9110 section 10.2.3): whole seconds, at least one. */
export function retryAfter(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
}
