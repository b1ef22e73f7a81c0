import { LoadbalancerError } from 'evenkeel';
import { FAILURES, type FailureKind, failureKind, refusalOf } from 'evenkeel/internal';
import { REFUSALS, type Refusal } from './refusal.ts';

/** An attempt that failed; failover asks for `requestSent`. */
export class AttemptError extends Error {
  readonly kind: FailureKind;
  /** Whether it is not the backend's fault: the request cannot be sent as it is, or nothing can be sent at all. */
  readonly isOurs: boolean;
  /** `false` only if nothing was sent. */
  readonly requestSent: boolean;

  constructor(cause: unknown, requestSent: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.kind = failureKind(cause);
    this.isOurs = this.kind === 'unsendable' || this.kind === 'exhausted';
    this.requestSent = requestSent;
  }
}

/** The refusal for an error; never says where backends are. */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof AttemptError) return FAILURES[error.kind];
  return error instanceof LoadbalancerError ? refusalOf(error) : REFUSALS.internal;
}

/** The refusal of a request beyond its rate. The headers of its admission say when to come back. */
export function rateRefusal({ status, code, message }: LoadbalancerError): Refusal {
  return { status, code, message };
}
