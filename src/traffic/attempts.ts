// The one retry loop: finds a backend for a request, holds the lease on it, and decides after each attempt whether the
// request goes on to another backend. It moves no bytes and makes no promises: `Loadbalancer`, the clients over `fetch` and
// undici, and the gateway drive it, each with its own way to send.
import type { Balancer } from '../balancer/balancer.ts';
import type { Lease } from '../balancer/lease.ts';
import type { Session } from '../balancer/session.ts';
import { abortError } from '../deadline.ts';
import type { Env } from '../env.ts';
import {
  type Attempt,
  LoadbalancerError,
  NoBackendError,
  OverloadedError,
  UpstreamTimeoutError,
} from '../errors.ts';
import type { Backend, Outcome } from '../strategies/strategy.ts';
import type { Failover, RetryCause } from './failover.ts';
import type { LeaseQueue } from './lease-queue.ts';

/** The rules for attempts: the same for all requests to one pool. */
export interface AttemptRules<R> {
  readonly balancer: Balancer<R>;
  /** `undefined`: no request is sent twice. */
  readonly failover: Failover | undefined;
  /** `undefined`: no request waits for a busy backend. */
  readonly queue: LeaseQueue<R> | undefined;
  readonly env: Pick<Env, 'clock' | 'timers'>;
  /** Milliseconds for all attempts and waits together: no retry begins later. @defaultValue no limit */
  readonly totalMs?: number | undefined;
}

/** Sends one request: what {@link Attempts} needs to know of it, and calls back. None of its methods may throw. */
export interface Sender<R> {
  readonly request: R;
  /** Ties the request to earlier ones of its client. */
  readonly session: Session | undefined;
  /** Ends waits when the client leaves. Not needed if the client's leaving calls {@link Attempts.end}. */
  readonly signal: AbortSignal | undefined;
  /** Whether all of the request can be sent once more from its beginning. */
  readonly canRepeat: boolean;
  /** Sends the request to the lease's backend. The result of the attempt before, if it was kept, can be dropped. */
  send(lease: Lease): void;
  /** The wait for another backend was in vain: the result that was kept goes to the client. */
  stands(): void;
  /** No attempt is under way, and none follows. A result that was kept can be dropped. */
  failed(error: unknown): void;
}

/**
 * What to do with the result of an attempt.
 *
 * - `stands`: it goes to the client
 * - `retried`: another backend was found, so that it can be dropped
 * - `queued`: every other backend is busy, so that it must be kept until the sender hears more
 */
export type Verdict = 'stands' | 'retried' | 'queued';

/**
 * How an attempt failed.
 *
 * - `sent`: the backend may have seen the request
 * - `unsent`: nothing was sent, for certain
 * - `rejected`: the request itself cannot be sent; not the backend's fault, and never retried
 */
export type AttemptFailure = 'sent' | 'unsent' | 'rejected';

/**
 * The attempts of one request. Call `first` once; after each `send`, either `responded` or `failed` once; and `end` when the
 * last byte has gone to the client, or the client has left.
 */
export class Attempts<R extends { readonly method: string }> {
  /** Attempts so far, the present one included. */
  made = 0;
  /** The backend of the present attempt, else of the last one. */
  backend: Backend | undefined;
  /** How the present attempt has gone so far. */
  outcome: Outcome = 'success';
  readonly #rules: AttemptRules<R>;
  readonly #sender: Sender<R>;
  /** In milliseconds of the clock. */
  readonly #deadline: number;
  #lease: Lease | undefined;
  #tried: Backend[] | undefined;
  /** The failed attempts. */
  #history: Attempt[] | undefined;
  /** The error that the sender keeps while the request is queued. */
  #error: unknown;
  /** Retries that count against the limit and lengthen the wait. */
  #charged = 0;
  /** Whether the present attempt has a place in the retry budget. */
  #hasPlace = false;
  #hasWaited = false;
  #isOver = false;
  /** Ends the wait for a lease, or for the next attempt. */
  #stopWaiting: (() => void) | undefined;

  constructor(rules: AttemptRules<R>, sender: Sender<R>) {
    this.#rules = rules;
    this.#sender = sender;
    const { totalMs, env, failover } = rules;
    this.#deadline = totalMs === undefined ? Number.POSITIVE_INFINITY : env.clock.now() + totalMs;
    failover?.budget.requestBegan();
  }

  /**
   * Finds the first backend: before this method returns, unless the request must queue for one.
   * @throws what the key function or the strategy throws
   */
  first(): void {
    const { balancer, queue } = this.#rules;
    const { signal } = this.#sender;
    const lease = signal?.aborted ? undefined : this.#acquire();
    if (lease !== undefined) {
      this.#take(lease);
      this.#sender.send(lease);
    } else if (signal?.aborted) this.#fail(abortError(signal));
    else if (queue === undefined || !balancer.isBusy()) this.#fail(new NoBackendError());
    else if (!this.#enqueue(queue, undefined)) this.#fail(queue.overloaded());
  }

  /**
   * The head of a response came.
   * @param isFailure - whether it counts as its backend's failure
   * @throws what the key function or the strategy throws
   */
  responded(status: number, isFailure: boolean): Verdict {
    this.outcome = isFailure ? 'failure' : 'success';
    this.#leaveBudget();
    const { failover } = this.#rules;
    if (failover === undefined || !failover.retriesOn(status)) return 'stands';
    this.#error = undefined;
    this.#note(`status ${status}`);
    return this.#retry(failover, 'status');
  }

  /**
   * The attempt failed without a response.
   * @throws what the key function or the strategy throws
   */
  failed(error: unknown, failure: AttemptFailure): Verdict {
    this.outcome = failure === 'rejected' || hasLeft(this.#sender.signal) ? 'cancelled' : 'failure';
    this.#leaveBudget();
    const { failover } = this.#rules;
    if (failover === undefined && !(error instanceof LoadbalancerError)) return 'stands';
    this.#error = error;
    this.#note(reasonOf(error));
    const isFinal = failover === undefined || failure === 'rejected';
    const verdict = isFinal ? 'stands' : this.#retry(failover, failure === 'unsent' ? 'unsent' : 'error');
    if (verdict === 'stands') this.tell(error);
    return verdict;
  }

  /** Gives back all that is held; only the first call counts. @param outcome - of the present attempt */
  end(outcome: Outcome = this.outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endWait();
    this.#release(outcome);
    this.#leaveBudget();
    this.#rules.failover?.budget.requestEnded();
  }

  /**
   * Adds `attempts`, the attempts that failed, to an error, which stays the same object. Done for every error that `failed`
   * lets stand, if it is one of ours or there is failover, and for every one that the sender is given.
   */
  tell(error: unknown): void {
    if (this.#history === undefined || !(error instanceof Error)) return;
    // Does nothing if the error does not let it.
    Reflect.defineProperty(error, 'attempts', { value: this.#history, configurable: true });
  }

  /** Milliseconds left of {@link AttemptRules.totalMs}; `undefined` if no limit is set, or all of it is left. */
  get remainingMs(): number | undefined {
    if (this.#deadline === Number.POSITIVE_INFINITY || (this.made <= 1 && !this.#hasWaited)) return undefined;
    return this.#deadline - this.#rules.env.clock.now();
  }

  /** A lease was taken. */
  protected taken(_lease: Lease): void {}

  /** The lease was released. */
  protected released(_outcome: Outcome): void {}

  #retry(failover: Failover, cause: RetryCause): Verdict {
    const lease = this.#lease;
    const { balancer, queue, env } = this.#rules;
    const { request, canRepeat, signal } = this.#sender;
    if (lease === undefined || this.#isOver || signal?.aborted) return 'stands';
    if (this.#deadline !== Number.POSITIVE_INFINITY && env.clock.now() >= this.#deadline) return 'stands';
    if (!failover.begin(cause, canRepeat ? request.method : undefined, this.#charged)) return 'stands';
    this.#hasPlace = cause !== 'unsent';
    this.#tried = [...(this.#tried ?? []), lease.backend];
    let verdict: Verdict = 'stands';
    try {
      const next = this.#acquire();
      if (next !== undefined) {
        this.#release(this.outcome);
        this.#take(next);
        this.#sendAfter(this.#count(failover, cause));
        verdict = 'retried';
      } else if (queue !== undefined && balancer.isBusy(this.#tried) && this.#enqueue(queue, cause)) {
        // Before the wait, not after it: two requests could each wait for the backend that the other one holds.
        this.#release(this.outcome);
        this.outcome = 'success';
        verdict = 'queued';
      }
    } finally {
      if (verdict === 'stands') this.#leaveBudget();
    }
    return verdict;
  }

  /** Counts a retry for which there is a backend. @returns milliseconds to wait before it */
  #count(failover: Failover, cause: RetryCause): number {
    const delayMs = failover.count(cause, this.#charged);
    if (cause !== 'unsent') this.#charged++;
    return delayMs;
  }

  #acquire(): Lease | undefined {
    const { balancer, queue } = this.#rules;
    const { request, session } = this.#sender;
    return queue === undefined
      ? balancer.acquire(request, this.#tried, session)
      : queue.tryAcquire(request, this.#tried, session);
  }

  /** @param cause - of a retry. @returns whether the queue had room */
  #enqueue(queue: LeaseQueue<R>, cause: RetryCause | undefined): boolean {
    const { clock } = this.#rules.env;
    const { request, session } = this.#sender;
    const since = clock.now();
    const leave = queue.wait({
      request,
      tried: this.#tried,
      session,
      limitMs: this.#deadline - since,
      ended: (lease, error) => {
        // Counted at once, sent a moment later: the queue is in the middle of its work.
        if (lease !== undefined) this.#take(lease);
        void Promise.resolve().then(() => {
          if (this.#isOver) return;
          this.#endWait();
          if (lease === undefined) this.#unserved(cause, error);
          else this.#served(lease, cause, clock.now() - since);
        });
      },
    });
    if (leave === undefined) return false;
    this.#hasWaited = true;
    this.#beginWait(leave);
    return true;
  }

  #served(lease: Lease, cause: RetryCause | undefined, waitedMs: number): void {
    const { failover } = this.#rules;
    const delayMs = cause === undefined || failover === undefined ? 0 : this.#count(failover, cause);
    // The time in the queue was a wait, too.
    if (delayMs > waitedMs) this.#sendAfter(delayMs - waitedMs);
    else this.#sender.send(lease);
  }

  #unserved(cause: RetryCause | undefined, error: unknown): void {
    if (cause === undefined) this.#fail(error ?? new NoBackendError());
    else if (error !== undefined && !(error instanceof OverloadedError)) this.#fail(error);
    else {
      this.#leaveBudget();
      this.tell(this.#error);
      this.#sender.stands();
    }
  }

  #sendAfter(delayMs: number): void {
    const send = () => {
      this.#endWait();
      this.#sender.send(this.#lease as Lease);
    };
    this.#hasWaited = true;
    this.#beginWait(this.#rules.env.timers.schedule(send, delayMs));
  }

  #beginWait(stop: () => void): void {
    const { signal } = this.#sender;
    this.#stopWaiting = stop;
    if (signal === undefined) return;
    const leave = () => {
      this.#endWait();
      this.#fail(abortError(signal));
    };
    signal.addEventListener('abort', leave);
    this.#stopWaiting = () => {
      signal.removeEventListener('abort', leave);
      stop();
    };
  }

  #endWait(): void {
    const stop = this.#stopWaiting;
    this.#stopWaiting = undefined;
    stop?.();
  }

  #take(lease: Lease): void {
    this.#lease = lease;
    this.backend = lease.backend;
    this.outcome = 'success';
    this.made++;
    this.taken(lease);
  }

  #release(outcome: Outcome): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.#lease = undefined;
    this.released(outcome);
    lease.release(outcome);
  }

  #leaveBudget(): void {
    if (!this.#hasPlace) return;
    this.#hasPlace = false;
    this.#rules.failover?.budget.retryEnded();
  }

  #fail(error: unknown): void {
    // A backend that was not yet sent anything has failed in nothing.
    this.outcome = 'cancelled';
    this.tell(error);
    this.#sender.failed(error);
  }

  #note(reason: string): void {
    if (this.backend === undefined) return;
    this.#history ??= [];
    this.#history.push({ backend: this.backend.id, reason });
  }
}

/** Whether the client has left; that the time is up is the backend's fault, not the client's. */
function hasLeft(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && !(signal.reason instanceof UpstreamTimeoutError);
}

/** Errors come from outside and may throw when they are read. */
function reasonOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    const { message, cause } = error;
    return cause instanceof Error && cause.message !== message ? `${message}: ${cause.message}` : message;
  } catch {
    return 'unreadable';
  }
}
