import type { Balancer } from '../balancer/balancer.ts';
import type { Lease } from '../balancer/lease.ts';
import type { Session } from '../balancer/session.ts';
import type { Request, Response } from '../contracts.ts';
import { abortError, pause, withDeadline } from '../deadline.ts';
import type { Timers } from '../env.ts';
import {
  type Attempt,
  LoadbalancerError,
  NoBackendError,
  OverloadedError,
  UpstreamError,
  UpstreamTimeoutError,
} from '../errors.ts';
import { shown } from '../shown.ts';
import type { Backend, Outcome } from '../strategies/strategy.ts';
import type { Failover } from './failover.ts';
import type { LeaseQueue } from './lease-queue.ts';

/** What a {@link Dispatcher} works with. */
export interface DispatcherParts {
  readonly balancer: Balancer<Request>;
  /** Sends a request to one backend; with a signal only where there is one. */
  readonly send: (backend: Backend, request: Request, signal: AbortSignal | undefined) => Promise<Response>;
  readonly isFailure: (response: Response) => boolean;
  readonly timers: Timers;
  readonly failover?: Failover | undefined;
  readonly queue?: LeaseQueue<Request> | undefined;
  /** Milliseconds for one attempt. */
  readonly timeoutMs?: number | undefined;
  readonly decided: (request: Request, lease: Lease) => void;
  readonly answered?: ((backend: Backend, response: Response) => void) | undefined;
}

/** What came of a request, before it is written. The lease, if it is still held, ends with `outcome` after that. */
export type Answer = (
  | { readonly response: Response; readonly error?: undefined }
  | { readonly response?: undefined; readonly error: Error }
) & {
  readonly lease?: Lease | undefined;
  readonly outcome: Outcome;
  /** Whose answer, or whose error, it is. */
  readonly backend?: Backend | undefined;
};

/** Gets one answer or one error for each request: from one backend, or from the next where failover allows it. */
export class Dispatcher {
  readonly #parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** The first backend is chosen before this method first waits, unless it has to queue for one. Never rejects. */
  async dispatch(
    request: Request,
    session: Session | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { failover } = this.#parts;
    failover?.budget.requestBegan();
    try {
      if (signal?.aborted) throw abortError(signal);
      return await this.#attempts(request, session, signal);
    } catch (thrown) {
      return { error: asError(thrown), outcome: 'failure' };
    } finally {
      failover?.budget.requestEnded();
    }
  }

  async #attempts(
    request: Request,
    session: Session | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { failover } = this.#parts;
    const tried: Backend[] = [];
    const attempts: Attempt[] = [];
    const tryNext = () => this.#attempt(request, tried, session, signal);
    let answer = await tryNext();
    if (answer === undefined) throw new NoBackendError();
    try {
      for (;;) {
        const { backend } = answer.lease as Lease;
        attempts.push({ backend: backend.id, reason: reasonOf(answer) });
        const delayMs = signal?.aborted ? undefined : failover?.delayAfter(request, answer, attempts.length);
        if (failover === undefined || delayMs === undefined) break;
        answer.lease?.release(answer.outcome);
        answer = { ...answer, lease: undefined };
        tried.push(backend);
        const next: Answer | undefined = await this.#retry(failover, delayMs, tryNext, signal);
        if (next === undefined) break;
        answer = next;
      }
    } catch (thrown) {
      answer.lease?.release(answer.outcome);
      // A retry for which there was no place was no attempt: the last answer stands, as where nobody is left to try.
      if (!(thrown instanceof OverloadedError)) answer = { error: asError(thrown), outcome: 'failure' };
    }
    const { error } = answer;
    // Others' errors stay as they came where the host did not ask for failover.
    if (error !== undefined && (failover !== undefined || error instanceof LoadbalancerError))
      noteAttempts(error, attempts);
    return answer;
  }

  /** Waits, then tries the next backend; counted in the budget until that has ended. */
  async #retry(
    { budget }: Failover,
    delayMs: number,
    tryNext: () => Promise<Answer | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<Answer | undefined> {
    try {
      await pause(delayMs, this.#parts.timers, signal);
      return await tryNext();
    } finally {
      budget.retryEnded();
    }
  }

  /** @returns `undefined` where nobody may take the request */
  async #attempt(
    request: Request,
    tried: readonly Backend[],
    session: Session | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer | undefined> {
    const { balancer, queue, decided, answered, isFailure } = this.#parts;
    const lease =
      queue === undefined
        ? balancer.acquire(request, tried, session)
        : await queue.acquire(request, tried, session, signal);
    if (lease === undefined) return undefined;
    try {
      decided(request, lease);
      const response = await this.#send(lease.backend, request, signal);
      if (typeof response !== 'object' || response === null) {
        throw new UpstreamError(`the HTTP service resolved with ${shown(response)} instead of a response`);
      }
      answered?.(lease.backend, response);
      return {
        lease,
        backend: lease.backend,
        response,
        outcome: isFailure(response) ? 'failure' : 'success',
      };
    } catch (thrown) {
      return {
        lease,
        backend: lease.backend,
        error: asError(thrown),
        outcome: hasLeft(signal) ? 'cancelled' : 'failure',
      };
    }
  }

  #send(backend: Backend, request: Request, signal: AbortSignal | undefined): Promise<Response> {
    const { send, timeoutMs, timers } = this.#parts;
    if (timeoutMs === undefined && signal === undefined) return send(backend, request, undefined);
    return withDeadline((limited) => send(backend, request, limited), { signal, timeoutMs, timers });
  }
}

/** Whether the client is gone; that the time is up is the backend's fault, not the client's. */
function hasLeft(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && !(signal.reason instanceof UpstreamTimeoutError);
}

/** What an HTTP service gives may throw when it is looked at: no request must be lost for a note. */
function reasonOf({ response, error }: Answer): string {
  try {
    return response === undefined ? String(error?.message) : `status ${shown(response.status)}`;
  } catch {
    return 'unreadable';
  }
}

/** The error stays the very object that was thrown; what was tried is noted on it. */
function noteAttempts(error: Error, attempts: readonly Attempt[]): void {
  // Does nothing where the error does not let it.
  Reflect.defineProperty(error, 'attempts', { value: attempts, configurable: true });
}

function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new UpstreamError(`the HTTP service failed with ${shown(thrown)}, which is not an Error`, {
    cause: thrown,
  });
}
