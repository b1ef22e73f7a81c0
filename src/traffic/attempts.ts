// The one retry loop: finds a backend for a request, holds the lease on it, and decides after each attempt
// whether the request goes on to another backend. It sends nothing itself: `Loadbalancer`, the clients over
// `fetch` and undici, and the gateway use it, each with a {@link Sender} of its own.
import type { Balancer } from '../balancer/balancer.ts';
import type { AcquireOptions } from '../balancer/decisions.ts';
import type { Lease } from '../balancer/lease.ts';
import type { Session } from '../balancer/session.ts';
import { abortError } from '../deadline.ts';
import type { Env } from '../env.ts';
import {
  type Attempt,
  isError,
  LoadbalancerError,
  NoBackendError,
  OverloadedError,
  UpstreamTimeoutError,
} from '../errors.ts';
import type { AttemptFailure } from '../http/attempt-failure.ts';
import { failureKind } from '../http/failure-kind.ts';
import type { StopSignal } from '../limit.ts';
import type { Backend, Outcome } from '../strategies/strategy.ts';
import { type Failover, isFree, type RetryCause } from './failover.ts';
import type { LeaseQueue } from './lease-queue.ts';

/** The rules of attempts, which all requests to one pool share. */
export interface AttemptRules<R> {
  readonly balancer: Balancer<R>;
  /** `undefined`: no request is sent twice. */
  readonly failover: Failover | undefined;
  /** `undefined`: no request waits for a busy backend. */
  readonly queue: LeaseQueue<R> | undefined;
  readonly env: Pick<Env, 'clock' | 'timers'>;
  /**
   * Time limit for all attempts and waits of a request, in milliseconds. No retry begins later.
   * @defaultValue no limit
   */
  readonly totalMs?: number | undefined;
}

/** Sends one request. {@link Attempts} reads its properties and calls its methods, which must not throw. */
export interface Sender<R> {
  readonly request: R;
  /** The session of the request. */
  readonly session: Session | undefined;
  /** Aborts waits when the client leaves. Not needed if the sender calls {@link Attempts.end} then. */
  readonly signal: StopSignal | undefined;
  /** Whether the request can be sent again from its beginning. */
  readonly canRepeat: boolean;
  /** Sends the request to the lease's backend. A kept result of the attempt before can be dropped. */
  send(lease: Lease): void;
  /** Called if the wait for another backend failed. The kept result goes to the client. */
  stands(): void;
  /** Called if the request failed without a further attempt. A kept result can be dropped. */
  failed(error: unknown): void;
}

/**
 * The decision about the result of an attempt.
 *
 * - `stands`: the result goes to the client
 * - `retried`: another backend gets the request, so the result can be dropped
 * - `queued`: every other backend is at its limit; the sender must keep the result until `send`, `stands` or
 *   `failed` is called
 */
export type Verdict = 'stands' | 'retried' | 'queued';

/**
 * The attempts of one request. Call `first` once; after each `send`, either `responded` or `failed` once; and
 * `end` when the last byte was sent to the client, or the client left.
 */
export class Attempts<R extends { readonly method: string; readonly clientAddress?: string }> {
  /** Number of attempts so far, including the current one. */
  made = 0;
  /** The backend of the current attempt, else of the last one. */
  backend: Backend | undefined;
  /** The outcome of the current attempt so far. */
  outcome: Outcome = 'success';
  readonly #rules: AttemptRules<R>;
  readonly #sender: Sender<R>;
  /** The time limit of the request, in milliseconds of the clock. */
  readonly #deadline: number;
  #lease: Lease | undefined;
  #tried: Backend[] | undefined;
  /** The lease of the attempt before. */
  #previous: Lease | undefined;
  /** Whether the current attempt failed because no head of a response came in time. */
  #isLate = false;
  /** Whether any attempt went to a backend that was well. */
  #wasTrusted = false;
  /** The failed attempts. */
  #history: Attempt[] | undefined;
  /** The error that the sender keeps while the request is queued. */
  #error: unknown;
  /** Number of retries that count against the limit. The wait before a retry grows with it. */
  #charged = 0;
  /** Whether the current attempt counts in the retry budget. */
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
   * Chooses the first backend: synchronously, unless the request has to wait in the queue.
   * @throws the error of the key function or the strategy
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
   * To be called when the head of a response was received.
   * @param isFailure - whether the response counts as a failure of the backend
   * @throws the error of the key function or the strategy
   */
  responded(status: number, isFailure: boolean): Verdict {
    this.outcome = isFailure ? 'failure' : 'success';
    this.#leaveBudget();
    const lease = this.#lease;
    lease?.responded(status, isFailure);
    const { failover } = this.#rules;
    const hasFailedTrial = isFailure && lease?.isTrial === true;
    if (failover === undefined || !(hasFailedTrial || failover.retriesOn(status))) return 'stands';
    this.#error = undefined;
    this.#note(`status ${status}`);
    return this.#retry(failover, hasFailedTrial ? 'trial' : 'status');
  }

  /**
   * To be called when the attempt failed without a response.
   * @throws the error of the key function or the strategy
   */
  failed(error: unknown, failure: AttemptFailure): Verdict {
    const isOurs = failure === 'rejected' || failure === 'cancelled';
    this.outcome = isOurs ? failure : hasLeft(this.#sender.signal) ? 'cancelled' : 'failure';
    this.#leaveBudget();
    this.#isLate = failure === 'sent' && isTimeout(error);
    const { failover } = this.#rules;
    if (failover === undefined && !(error instanceof LoadbalancerError)) return 'stands';
    this.#error = error;
    this.#note(reasonOf(error));
    const isFinal = failover === undefined || isOurs;
    const cause = this.#lease?.isTrial === true ? 'trial' : failure === 'unsent' ? 'unsent' : 'error';
    const verdict = isFinal ? 'stands' : this.#retry(failover, cause);
    if (verdict === 'stands') this.tell(error);
    return verdict;
  }

  /**
   * Moves a request on that waits for the head of a response, as its backend has fallen ill meanwhile.
   * Nothing changes if it must not be repeated, or no backend that is well has room.
   * @param error - what is said of the attempt
   * @returns whether another backend gets it; the current attempt is to be dropped then
   * @throws the error of the key function or the strategy
   */
  leave(error: unknown): boolean {
    const { failover, env } = this.#rules;
    const { request, canRepeat, signal } = this.#sender;
    const lease = this.#lease;
    if (failover === undefined || lease === undefined || this.#stopWaiting !== undefined) return false;
    if (this.#isOver || signal?.aborted || !canRepeat || !this.mayGoOn()) return false;
    if (env.clock.now() >= this.#deadline || !failover.mayMove(request.method, this.#charged)) return false;
    this.#leaveBudget();
    this.#hasPlace = true;
    const [tried, previous] = [this.#tried, this.#previous];
    this.#tried = [...(tried ?? []), lease.backend];
    this.#previous = lease;
    let next: Lease | undefined;
    try {
      next = this.#acquire();
    } finally {
      if (next?.trust !== 'well') {
        next?.release('cancelled');
        [this.#tried, this.#previous] = [tried, previous];
        this.#leaveBudget();
      }
    }
    if (next?.trust !== 'well') return false;
    this.#note(reasonOf(error));
    this.#isLate = true;
    this.#release('failure', true);
    this.#take(next);
    this.#sendAfter(this.#count(failover, 'error'));
    return true;
  }

  /**
   * Releases the lease and everything else; only the first call counts.
   * @param outcome - the outcome of the current attempt
   */
  end(outcome: Outcome = this.outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endWait();
    this.#release(outcome);
    this.#leaveBudget();
    this.#rules.failover?.budget.requestEnded();
  }

  /**
   * Adds `attempts`, the attempts that failed, to an error, which stays the same object. This is done for
   * every error that is passed to the sender, and for every error that `failed` lets stand if it is one of
   * evenkeel or failover is on.
   */
  tell(error: unknown): void {
    if (this.#history === undefined || !isError(error)) return;
    // Does nothing if the error cannot be extended.
    Reflect.defineProperty(error, 'attempts', { value: this.#history, configurable: true });
  }

  /**
   * Milliseconds left of {@link AttemptRules.totalMs}; `undefined` if no limit is set, or all of it is left.
   */
  get remainingMs(): number | undefined {
    if (this.#deadline === Number.POSITIVE_INFINITY || (this.made <= 1 && !this.#hasWaited)) return undefined;
    return this.#deadline - this.#rules.env.clock.now();
  }

  /** Whether there were attempts, and every one went to a backend that was not well. */
  get wasDistrusted(): boolean {
    return this.made > 0 && !this.#wasTrusted;
  }

  /** Whether a retry may begin; for subclasses. */
  protected mayGoOn(): boolean {
    return true;
  }

  /** Called when a lease was acquired; for subclasses. */
  protected taken(_lease: Lease): void {}

  /** Called when the lease was released; for subclasses. */
  protected released(_outcome: Outcome): void {}

  #retry(failover: Failover, cause: RetryCause): Verdict {
    const lease = this.#lease;
    const { balancer, queue, env } = this.#rules;
    const { request, canRepeat, signal } = this.#sender;
    if (lease === undefined || this.#isOver || signal?.aborted || !this.mayGoOn()) return 'stands';
    if (this.#deadline !== Number.POSITIVE_INFINITY && env.clock.now() >= this.#deadline) return 'stands';
    if (!failover.begin(cause, canRepeat ? request.method : undefined, this.#charged)) return 'stands';
    this.#hasPlace = !isFree(cause);
    this.#tried = [...(this.#tried ?? []), lease.backend];
    this.#previous = lease;
    let verdict: Verdict = 'stands';
    try {
      const next = this.#acquire();
      if (next !== undefined) {
        this.#release(this.outcome, true);
        this.#take(next);
        this.#sendAfter(this.#count(failover, cause));
        verdict = 'retried';
      } else if (queue !== undefined && balancer.isBusy(this.#tried) && this.#enqueue(queue, cause)) {
        // Released before the wait: otherwise two requests could wait for each other's backends.
        this.#release(this.outcome, true);
        this.outcome = 'success';
        verdict = 'queued';
      }
    } finally {
      if (verdict === 'stands') this.#leaveBudget();
    }
    return verdict;
  }

  /** Counts a retry for which a backend was found. @returns milliseconds to wait before it */
  #count(failover: Failover, cause: RetryCause): number {
    const delayMs = failover.count(cause, this.#charged);
    if (!isFree(cause)) this.#charged++;
    return delayMs;
  }

  #acquire(): Lease | undefined {
    const { balancer, queue } = this.#rules;
    const { request } = this.#sender;
    return queue === undefined
      ? balancer.acquire(request, this.#acquireOptions())
      : queue.tryAcquire(request, this.#acquireOptions());
  }

  #acquireOptions(): AcquireOptions {
    const { request, session, canRepeat } = this.#sender;
    const repeatable = canRepeat && this.#rules.failover?.repeats(request.method) === true;
    return { tried: this.#tried, session, repeatable, client: request.clientAddress, after: this.#previous };
  }

  /** @param cause - the cause of a retry. @returns whether the queue had room */
  #enqueue(queue: LeaseQueue<R>, cause: RetryCause | undefined): boolean {
    const { clock } = this.#rules.env;
    const { request } = this.#sender;
    const since = clock.now();
    const leave = queue.wait({
      request,
      options: this.#acquireOptions(),
      limitMs: this.#deadline - since,
      ended: (lease, error) => {
        // The lease counts at once, but the request is sent in a microtask, as the queue is in the middle of
        // its work.
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
    // The time in the queue counts as part of the wait.
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
    const lease = this.#lease as Lease;
    const mayStill = this.#rules.balancer.watch(lease);
    const send = () => {
      this.#endWait();
      if (mayStill()) this.#sender.send(lease);
      else this.#chooseAgain();
    };
    this.#hasWaited = true;
    this.#beginWait(this.#rules.env.timers.schedule(send, delayMs));
  }

  /** The backend has left the pool, or fallen ill, while the request waited: another one gets it. */
  #chooseAgain(): void {
    const { queue, balancer } = this.#rules;
    this.#release('cancelled');
    this.made--;
    try {
      const next = this.#acquire();
      if (next !== undefined) {
        this.#take(next);
        this.#sender.send(next);
      } else if (queue === undefined || !balancer.isBusy(this.#tried) || !this.#enqueue(queue, undefined))
        this.#fail(this.#error ?? new NoBackendError());
    } catch (thrown) {
      this.#fail(thrown);
    }
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
    this.#isLate = false;
    this.#wasTrusted ||= lease.trust === 'well';
    this.made++;
    this.taken(lease);
  }

  /** @param isRetried - whether the request goes on to another backend */
  #release(outcome: Outcome, isRetried = false): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.#lease = undefined;
    this.released(outcome);
    if (outcome !== 'failure') lease.release(outcome);
    else lease.release(outcome, this.#isLate ? { cause: 'late', isRetried } : { isRetried });
  }

  #leaveBudget(): void {
    if (!this.#hasPlace) return;
    this.#hasPlace = false;
    this.#rules.failover?.budget.retryEnded();
  }

  #fail(error: unknown): void {
    // The backend got nothing, so it did not fail.
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

/** Errors come from outside and may throw when they are read. */
function isTimeout(error: unknown): boolean {
  try {
    return error instanceof UpstreamTimeoutError || failureKind(error) === 'timeout';
  } catch {
    return false;
  }
}

/** Whether the client left. A timeout is the backend's fault, not the client's. */
function hasLeft(signal: StopSignal | undefined): boolean {
  return signal?.aborted === true && !(signal.reason instanceof UpstreamTimeoutError);
}

/** The message of an error. Errors of a host may have getters that throw. */
function reasonOf(error: unknown): string {
  try {
    if (!isError(error)) return String(error);
    const { message, cause } = error;
    return isError(cause) && cause.message !== message ? `${message}: ${cause.message}` : message;
  } catch {
    return 'unreadable';
  }
}
