// Why a backend has given no whole response: the one error that passes from `upstream/` to the other rooms.
import type { Outcome } from 'evenkeel';
import { type AttemptFailure, type FailureKind, failureKind } from 'evenkeel/internal';

/** An attempt that failed. */
export class BackendFailure extends Error {
  readonly kind: FailureKind;
  /** `false` only if the backend cannot have acted on it: then any request may go to another backend. */
  readonly requestSent: boolean;

  constructor(cause: unknown, requestSent: boolean, kind = failureKind(cause)) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.kind = kind;
    this.requestSent = requestSent;
  }

  /** Whose fault it is, and whether anything was sent. */
  get failure(): AttemptFailure {
    if (this.kind === 'unsendable') return 'rejected';
    if (this.kind === 'exhausted' || this.kind === 'unreadable') return 'cancelled';
    return this.requestSent ? 'sent' : 'unsent';
  }

  /** The outcome of an attempt that ended with it. */
  get outcome(): Outcome {
    const { failure } = this;
    return failure === 'sent' || failure === 'unsent' ? 'failure' : failure;
  }
}
