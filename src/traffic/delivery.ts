// Sends one request of `Loadbalancer` through an `HTTPService`, which returns complete responses.
import type { Lease } from '../balancer/lease.ts';
import type { Session } from '../balancer/session.ts';
import type { Request, Response } from '../contracts.ts';
import type { Deadlines } from '../deadlines.ts';
import { isError, UpstreamError, UpstreamTimeoutError } from '../errors.ts';
import { type AttemptFailure, attemptFailure } from '../http/attempt-failure.ts';
import { Limit } from '../limit.ts';
import { shown } from '../shown.ts';
import type { Backend } from '../strategies/strategy.ts';
import { type AttemptRules, Attempts, type Sender } from './attempts.ts';

/** The parts that all deliveries of one `Loadbalancer` share. */
export interface DeliveryParts extends AttemptRules<Request> {
  /** Sends a request to a backend; passes a signal only if there is a limit. */
  readonly send: (backend: Backend, request: Request, limit: Limit | undefined) => Promise<Response>;
  readonly isFailure: (response: Response) => boolean;
  /** Time limit of one attempt, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  readonly deadlines: Deadlines;
  readonly decided: (request: Request, lease: Lease) => void;
  /** Told of every failure: the response that counts as one, or the error. */
  readonly attemptFailed: (request: Request, backend: Backend | undefined, result: unknown) => void;
  readonly answered?: ((backend: Backend, response: Response) => void) | undefined;
}

/** Gets a response or an error for one request, and holds the lease until `end`. */
export class Delivery implements Sender<Request> {
  readonly request: Request;
  readonly session: Session | undefined;
  /** The response; meaningless if there is an error. */
  response: Response | undefined;
  error: Error | undefined;
  readonly #parts: DeliveryParts;
  readonly #attempts: Attempts<Request>;
  /** The time limit of the whole request, all attempts together. */
  readonly #limit: Limit | undefined;
  /** The time limit of the attempt under way, if attempts have one of their own. */
  #attemptLimit: Limit | undefined;
  /** Number of the attempt under way; 0 if there is none. */
  #underWay = 0;
  #done: () => void = () => {};

  constructor(
    parts: DeliveryParts,
    request: Request,
    session: Session | undefined,
    limit: Limit | undefined,
  ) {
    this.#parts = parts;
    this.request = request;
    this.session = session;
    this.#limit = limit;
    this.#attempts = new Attempts(parts, this);
    if (limit !== undefined) limit.stopped = this.#stopped;
  }

  /** Always true, as a payload is a string. */
  get canRepeat(): boolean {
    return true;
  }

  get signal(): Limit | undefined {
    return this.#limit;
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
    const attempt = this.#attempts.made;
    this.#underWay = attempt;
    try {
      this.#parts.decided(this.request, lease);
      const limit = this.#limitOfAttempt();
      if (limit?.reason !== undefined) throw limit.reason;
      // A service may return a value instead of the promise that its contract requires.
      Promise.resolve(this.#parts.send(backend, this.request, limit)).then(
        (response) => this.#isOver(attempt) || this.#responded(backend, response),
        (thrown) => this.#isOver(attempt) || this.#threw(thrown),
      );
    } catch (thrown) {
      if (!this.#isOver(attempt)) this.#threw(thrown);
    }
  }

  stands(): void {
    this.#done();
  }

  failed(thrown: unknown): void {
    this.error = asError(thrown, 'the request');
    this.#done();
  }

  /** The limit that the next attempt is sent with. */
  #limitOfAttempt(): Limit | undefined {
    const { timeoutMs, deadlines } = this.#parts;
    if (timeoutMs === undefined) return this.#limit;
    const limit = new Limit(deadlines, { timeoutMs, whole: this.#limit });
    this.#attemptLimit = limit;
    limit.stopped = this.#stopped;
    return limit;
  }

  /** The client has left, or the time is up, also if the service does not notice. */
  readonly #stopped = (reason: Error): void => {
    if (!this.#isOver(this.#underWay)) this.#threw(reason);
  };

  /** Ends an attempt. @returns whether it was over already: then its result is late */
  #isOver(attempt: number): boolean {
    if (attempt === 0 || attempt !== this.#underWay) return true;
    this.#underWay = 0;
    this.#attemptLimit?.end();
    this.#attemptLimit = undefined;
    return false;
  }

  #responded(backend: Backend, response: Response): void {
    const { answered, isFailure } = this.#parts;
    if (typeof response !== 'object' || response === null) {
      const got = `the HTTP service resolved with ${shown(response)} instead of a response`;
      this.#threw(new UpstreamError(got));
      return;
    }
    try {
      answered?.(backend, response);
      const isBad = isFailure(response);
      if (isBad) this.#parts.attemptFailed(this.request, backend, response);
      const verdict = this.#attempts.responded(response.status, isBad);
      this.response = response;
      this.error = undefined;
      if (verdict === 'stands') this.#done();
    } catch (thrown) {
      // Of the host: a response with getters that throw, or `isFailure`. The backend has responded.
      this.#threw(thrown, 'cancelled');
    }
  }

  #hasClientLeft(): boolean {
    const reason = this.#limit?.reason;
    return reason !== undefined && !(reason instanceof UpstreamTimeoutError);
  }

  #threw(thrown: unknown, failure?: AttemptFailure): void {
    const error = asError(thrown, 'the HTTP service');
    if (!this.#hasClientLeft()) this.#parts.attemptFailed(this.request, this.#attempts.backend, error);
    try {
      const verdict = this.#attempts.failed(error, failure ?? failureOf(error));
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

/** What was thrown, as an `Error`. @param by - names the thrower in the message */
export function asError(thrown: unknown, by: string): Error {
  if (isError(thrown)) return thrown;
  return new UpstreamError(`${by} failed with ${shown(thrown)}, which is not an Error`, { cause: thrown });
}
