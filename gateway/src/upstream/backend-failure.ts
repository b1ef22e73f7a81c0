// Why a backend has given no whole response: the one error that passes from `upstream/` to the other rooms.
import { type FailureKind, failureKind } from 'evenkeel/internal';

/** An attempt that failed. */
export class BackendFailure extends Error {
  readonly kind: FailureKind;
  /** `false` only if nothing was sent: then any request may go to another backend. */
  readonly requestSent: boolean;

  constructor(cause: unknown, requestSent: boolean, kind = failureKind(cause)) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.kind = kind;
    this.requestSent = requestSent;
  }

  /**
   * Whether it is not the backend's fault: the request cannot be sent as it is, or nothing can be sent at
   * all.
   */
  get isOurs(): boolean {
    return this.kind === 'unsendable' || this.kind === 'exhausted';
  }
}
