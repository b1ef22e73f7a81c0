// What a proxy answers by itself when no response of a backend can be passed on: status, code and text.
import type { LoadbalancerError } from '../errors.ts';
import type { FailureKind } from './failure-kind.ts';

/** Why a proxy answers by itself. */
export interface Refusal {
  /** Status of the response (RFC 9110 section 15). */
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** For people; never says where backends are. */
  readonly message: string;
  /** Milliseconds after which another try has a chance. */
  readonly retryAfterMs?: number | undefined;
  /** More headers: names and values by turns. */
  readonly headers?: readonly string[];
}

/** A request that cannot be sent to any backend as it is. */
export const BAD_REQUEST: Refusal = {
  status: 400,
  code: 'ERR_GW_BAD_REQUEST',
  message: 'the request cannot be understood',
};

/** A defect of the proxy itself. */
export const INTERNAL: Refusal = { status: 500, code: 'ERR_GW_INTERNAL', message: 'the gateway failed' };

/** The refusal for an attempt that failed, by its kind. */
export const FAILURES: Readonly<Record<FailureKind, Refusal>> = {
  timeout: { status: 504, code: 'ERR_LB_TIMEOUT', message: 'the backend did not answer in time' },
  broken: { status: 502, code: 'ERR_LB_UPSTREAM', message: 'the backend failed' },
  exhausted: {
    status: 503,
    code: 'ERR_GW_EXHAUSTED',
    message: 'the gateway can open no more connections',
    retryAfterMs: 1_000,
  },
  unsendable: BAD_REQUEST,
};

/** The refusal for an error of the load balancer; 503 without a time of its own asks to wait a second. */
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
