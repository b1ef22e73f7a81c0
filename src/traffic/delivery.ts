// Sends one request of `Loadbalancer` through an `HTTPService`, which returns complete responses.
import type { Lease } from '../balancer/lease.ts';
import type { Session } from '../balancer/session.ts';
import type { Request, Response } from '../contracts.ts';
import { withDeadline } from '../deadline.ts';
import { isError, UpstreamError, UpstreamTimeoutError } from '../errors.ts';
import { type AttemptFailure, attemptFailure } from '../http/attempt-failure.ts';
import { shown } from '../shown.ts';
import type { Backend } from '../strategies/strategy.ts';
import { type AttemptRules, Attempts, type Sender } from './attempts.ts';

/** The parts that all deliveries of one `Loadbalancer` share. */
export interface DeliveryParts extends AttemptRules<Request> {
  /** Sends a request to a backend; passes a signal only if there is one. */
  readonly send: (backend: Backend, request: Request, signal: AbortSignal | undefined) => Promise<Response>;
  readonly isFailure: (response: Response) => boolean;
  /** Time limit of one attempt, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  readonly decided: (request: Request, lease: Lease) => void;
  /** Told of every failure: the response that counts as one, or the error. */
  readonly attemptFailed: (request: Request, backend: Backend | undefined, result: unknown) => void;
  readonly answered?: ((backend: Backend, response: Response) => void) | undefined;
}

/** Gets a response or an error for one request, and holds the lease until `end`. */
export class Delivery implements Sender<Request> {
  readonly request: Request;
  readonly session: Session | undefined;
  readonly signal: AbortSignal | undefined;
  /** The response; meaningless if there is an error. */
  response: Response | undefined;
  error: Error | undefined;
  readonly #parts: DeliveryParts;
  readonly #attempts: Attempts<Request>;
  #done: () => void = () => {};

  constructor(
    parts: DeliveryParts,
    request: Request,
    session: Session | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#parts = parts;
    this.request = request;
    this.session = session;
    this.signal = signal;
    this.#attempts = new Attempts(parts, this);
  }

  /** Always true, as a payload is a string. */
  get canRepeat(): boolean {
    return true;
  }

  /** The backend of the response. */
  get backend(): Backend | undefined {
    return this.error === undefined ? this.#attempts.backend : undefined;
  }

  /**
   * Chooses the first backend synchronously, unless the request has to wait in the queue.
   * @returns a promise that never rejects
   */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#done = resolve;
      try {
        this.#attempts.first();
      } catch (thrown) {
        this.failed(thrown);
      }
    });
  }

  /** Releases the lease, after the response or the error was written. */
  end(): void {
    this.#attempts.end();
  }

  send(lease: Lease): void {
    const { backend } = lease;
    try {
      this.#parts.decided(this.request, lease);
      // A service may return a value instead of the promise that its contract requires.
      Promise.resolve(this.#sendTo(backend)).then(
        (response) => this.#responded(backend, response),
        (thrown) => this.#threw(thrown),
      );
    } catch (thrown) {
      this.#threw(thrown);
    }
  }

  stands(): void {
    this.#done();
  }

  failed(thrown: unknown): void {
    this.error = asError(thrown);
    this.#done();
  }

  #sendTo(backend: Backend): Promise<Response> {
    const { send, timeoutMs, env } = this.#parts;
    const { request, signal } = this;
    if (timeoutMs === undefined && signal === undefined) return send(backend, request, undefined);
    const { timers } = env;
    return withDeadline((limited) => send(backend, request, limited), { signal, timeoutMs, timers });
  }

  #responded(backend: Backend, response: Response): void {
    const { answered, isFailure } = this.#parts;
    try {
      if (typeof response !== 'object' || response === null) {
        throw new UpstreamError(`the HTTP service resolved with ${shown(response)} instead of a response`);
      }
      answered?.(backend, response);
      const isBad = isFailure(response);
      if (isBad) this.#parts.attemptFailed(this.request, backend, response);
      const verdict = this.#attempts.responded(response.status, isBad);
      this.response = response;
      this.error = undefined;
      if (verdict === 'stands') this.#done();
    } catch (thrown) {
      // A response may have getters that throw.
      this.#threw(thrown);
    }
  }

  #hasClientLeft(): boolean {
    return this.signal?.aborted === true && !(this.signal.reason instanceof UpstreamTimeoutError);
  }

  #threw(thrown: unknown): void {
    const error = asError(thrown);
    if (!this.#hasClientLeft()) this.#parts.attemptFailed(this.request, this.#attempts.backend, error);
    try {
      const verdict = this.#attempts.failed(error, failureOf(error));
      this.error = error;
      if (verdict === 'stands') this.#done();
    } catch (thrownNext) {
      this.failed(thrownNext);
    }
  }
}

/** What an HTTP service guarantees with its error: that nothing was sent, or that the request cannot be. */
function failureOf(error: Error): AttemptFailure {
  try {
    return attemptFailure(error, (error as { requestSent?: unknown }).requestSent === false);
  } catch {
    return 'sent';
  }
}

function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  return new UpstreamError(`the HTTP service failed with ${shown(thrown)}, which is not an Error`, {
    cause: thrown,
  });
}
