import {
  type Attempt,
  type Backend,
  type Lease,
  NoBackendError,
  type Outcome,
  type Request,
  UpstreamError,
} from '../../index.ts';
import type { ClientPool } from './client-pool.ts';

/** What came of an attempt that may not be the last: an answer's status, or an error. */
export type AttemptEnd =
  | { readonly status: number; readonly error?: undefined }
  | { readonly status?: undefined; readonly error: unknown; readonly isUnsent: boolean };

/** Finds backends for one request, one after the other, and holds the lease on the present one. */
export class Exchange {
  readonly #pool: ClientPool;
  readonly #request: Request;
  readonly #tried: Backend[] = [];
  readonly #attempts: Attempt[] = [];
  #lease: Lease | undefined;
  #isRetry = false;
  #isOver = false;

  constructor(pool: ClientPool, request: Request) {
    this.#pool = pool;
    this.#request = request;
    pool.failover?.budget.requestBegan();
  }

  /**
   * Finds the first backend, at once unless there is a queue.
   * @throws NoBackendError where there is none, OverloadedError where the wait was too long, the signal's reason when the caller left
   */
  first(signal: AbortSignal | undefined): Backend | Promise<Backend> {
    const { balancer, queue } = this.#pool;
    if (queue === undefined) return this.#take(balancer.acquire(this.#request));
    return queue.acquire(this.#request, [], undefined, signal).then((lease) => this.#take(lease));
  }

  /**
   * Moves on to the next backend, where the rules, the budget and the pool allow it.
   * @param canRepeat - whether the request can be sent again after it was sent; one that never left can always be
   * @returns the backend, and the milliseconds to wait for it; `undefined` where what came stands
   */
  next(end: AttemptEnd, canRepeat: boolean): { backend: Backend; delayMs: number } | undefined {
    const { failover, balancer, isFailure } = this.#pool;
    const lease = this.#lease;
    if (lease === undefined || failover === undefined) return undefined;
    this.#attempts.push({ backend: lease.backend.id, reason: reasonOf(end) });
    this.#endRetry();
    // What cannot be sent twice is to the rules what a POST is.
    const method = canRepeat ? this.#request.method : 'POST';
    const delayMs = failover.delayAfter({ method }, resultOf(end), this.#attempts.length);
    if (delayMs === undefined) return undefined;
    this.#isRetry = true;
    this.#tried.push(lease.backend);
    const next = balancer.acquire(this.#request, this.#tried);
    if (next === undefined) return undefined;
    lease.release(end.status === undefined || isFailure(end.status) ? 'failure' : 'success');
    this.#lease = next;
    return { backend: next.backend, delayMs };
  }

  /** Gives back what is held; only the first call counts. @param outcome - of the present attempt */
  end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lease?.release(outcome);
    this.#endRetry();
    this.#pool.failover?.budget.requestEnded();
  }

  /** Notes on an error, which stays the very object that it is, what was tried. */
  note(error: unknown): void {
    if (this.#attempts.length > 0 && error instanceof Error && Object.isExtensible(error))
      Object.defineProperty(error, 'attempts', { value: this.#attempts, configurable: true });
  }

  #take(lease: Lease | undefined): Backend {
    if (lease === undefined) throw new NoBackendError();
    this.#lease = lease;
    // Somebody may have ended it while it waited.
    if (this.#isOver) lease.release('cancelled');
    return lease.backend;
  }

  #endRetry(): void {
    if (this.#isRetry) this.#pool.failover?.budget.retryEnded();
    this.#isRetry = false;
  }
}

function resultOf(end: AttemptEnd): Parameters<NonNullable<ClientPool['failover']>['delayAfter']>[1] {
  if (end.status !== undefined) return { response: { status: end.status } };
  return { error: new UpstreamError(reasonOf(end), end.isUnsent ? { requestSent: false } : {}) };
}

function reasonOf({ status, error }: AttemptEnd): string {
  if (status !== undefined) return `status ${status}`;
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
