// Which refusal an error becomes.
import { LoadbalancerError } from 'evenkeel';
import { FAILURES, refusalOf } from 'evenkeel/internal';
import { BackendFailure } from '../upstream/backend-failure.ts';
import { REFUSALS, type Refusal } from './refusal.ts';

/** The refusal for an error; never says where backends are. */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof BackendFailure) return FAILURES[error.kind];
  return error instanceof LoadbalancerError ? refusalOf(error) : REFUSALS.internal;
}

/** The refusal of a request beyond its rate. The headers of its admission say when to come back. */
export function rateRefusal({ status, code, message }: LoadbalancerError): Refusal {
  return { status, code, message };
}
