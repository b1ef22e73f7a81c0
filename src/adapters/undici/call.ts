import { type Dispatcher, errors } from 'undici';
import { attemptFailure } from '../../http/attempt-failure.ts';
import { insidePath } from '../../http/target.ts';
import { BadRequestError, type Lease, type Outcome, type Request } from '../../index.ts';
import { Attempts, type Sender, type Verdict } from '../../internal.ts';
import type { ClientPool } from '../clients/client-pool.ts';
import { CallBody } from './call-body.ts';
import { CallRequest } from './call-request.ts';
import { type AttemptOwner, DispatchAttempt } from './dispatch-attempt.ts';
import type { DispatchedHeaders, UpgradedSocket } from './dispatch-types.ts';

type Options = Dispatcher.DispatchOptions;

/** The parts that all calls of a dispatcher share. */
export interface CallParts {
  readonly dispatcher: Dispatcher;
  readonly pool: ClientPool;
  /** Called when a call has ended. An upgraded socket may still be open. */
  readonly over: (call: Call) => void;
}

/** A response head that is kept while the request is queued, with everything that was received after it. */
interface KeptHead {
  readonly status: number;
  readonly headers: DispatchedHeaders;
  readonly statusText: string | undefined;
  /** Events to be passed on later, in order: not every dispatcher pauses on request. */
  readonly rest: (() => void)[];
}

/** One request through the pool. Its handler sees one dispatch, however many attempts are made. */
export class Call implements Dispatcher.DispatchController, AttemptOwner, Sender<Request> {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly request: Request;
  readonly session = undefined;
  /** Not used: the handler calls `abort`. */
  readonly signal = undefined;
  readonly #parts: CallParts;
  readonly #attempts: Attempts<Request>;
  readonly #options: Options;
  readonly #body: CallBody;
  readonly #handler: Dispatcher.DispatchHandler;
  #attempt: DispatchAttempt | undefined;
  #kept: KeptHead | undefined;
  /** The error of the last attempt, if it failed. */
  #error: Error | undefined;
  /** Whether the head of a response was passed on. */
  #isPassing = false;
  #isOver = false;

  constructor(parts: CallParts, options: Options, handler: Dispatcher.DispatchHandler) {
    this.#parts = parts;
    this.request = new CallRequest(options);
    this.#options = options;
    this.#body = new CallBody(options.body);
    this.#handler = handler;
    this.#attempts = new Attempts(parts.pool, this);
  }

  /** A body that was not read yet can be sent, whatever it is. */
  get canRepeat(): boolean {
    return this.#body.canRepeat || this.#attempt?.isUnsent === true;
  }

  get rawHeaders() {
    return this.#attempt?.controller?.rawHeaders ?? null;
  }

  get rawTrailers() {
    return this.#attempt?.controller?.rawTrailers ?? null;
  }

  /** Chooses the first backend synchronously, unless the request has to wait in the queue. */
  start(): void {
    this.#guard(() => this.#handler.onRequestStart?.(this, undefined));
    if (this.#isOver) return;
    try {
      this.#attempts.first();
    } catch (error) {
      this.#fail(error as Error, 'cancelled');
    }
  }

  abort(reason: Error = new errors.RequestAbortedError()): void {
    if (this.#isOver) return;
    this.aborted = true;
    this.reason = reason;
    this.#attempt?.abort(reason);
    this.#fail(reason, 'cancelled');
  }

  pause(): void {
    this.paused = true;
    this.#attempt?.controller?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#attempt?.controller?.resume();
  }

  interim(status: number, headers: DispatchedHeaders, statusText: string | undefined): void {
    this.#guard(() => this.#handler.onResponseStart?.(this, status, headers, statusText));
  }

  head(status: number, headers: DispatchedHeaders, statusText: string | undefined): boolean {
    let verdict: Verdict = 'stands';
    this.#guard(() => {
      verdict = this.#attempts.responded(status, this.#parts.pool.isFailure(status));
    });
    switch (verdict as Verdict) {
      case 'retried':
        return false;
      case 'queued':
        this.#kept = { status, headers, statusText, rest: [] };
        this.#attempt?.controller?.pause();
        return true;
      case 'stands':
        if (!this.#isOver) this.#passHead(status, headers, statusText);
        return true;
    }
  }

  data(chunk: Buffer): void {
    if (this.#kept !== undefined) this.#kept.rest.push(() => this.data(chunk));
    else this.#guard(() => this.#handler.onResponseData?.(this, chunk));
  }

  ended(trailers: DispatchedHeaders): void {
    if (this.#kept !== undefined) {
      this.#kept.rest.push(() => this.ended(trailers));
      return;
    }
    this.#settle();
    try {
      this.#handler.onResponseEnd?.(this, trailers);
    } catch (error) {
      this.#handler.onResponseError?.(this, error as Error);
    }
  }

  upgraded(status: number, headers: DispatchedHeaders, socket: UpgradedSocket): void {
    this.#attempts.responded(status, false);
    socket.once('close', () => this.#attempts.end('success'));
    this.#isOver = true;
    this.#parts.over(this);
    try {
      this.#handler.onRequestUpgrade?.(this, status, headers, socket);
    } catch (error) {
      socket.destroy();
      this.#handler.onResponseError?.(this, error as Error);
    }
  }

  attemptFailed(error: Error): void {
    if (this.#kept !== undefined) {
      this.#kept.rest.push(() => this.attemptFailed(error));
      return;
    }
    const isUnsent = this.#attempt?.isUnsent === true;
    const failure = this.#body.hasFailed(error) ? 'cancelled' : attemptFailure(error, isUnsent);
    if (this.#isPassing) {
      this.#fail(error, failure === 'sent' ? 'failure' : 'cancelled');
      return;
    }
    this.#error = error;
    this.#guard(() => {
      if (this.#attempts.failed(error, failure) === 'stands') this.#fail(error);
    });
  }

  stands(): void {
    const kept = this.#kept;
    if (kept === undefined) {
      this.#fail(this.#error as Error);
      return;
    }
    this.#kept = undefined;
    this.#passHead(kept.status, kept.headers, kept.statusText);
    for (const pass of kept.rest) if (!this.#isOver) pass();
    if (!this.#isOver && !this.paused) this.#attempt?.controller?.resume();
  }

  /** No backend was found. */
  failed(error: unknown): void {
    this.#attempt?.drop();
    this.#fail(error as Error);
  }

  send({ backend: { url } }: Lease): void {
    this.#attempt?.drop();
    this.#kept = undefined;
    const attempt = new DispatchAttempt(this);
    this.#attempt = attempt;
    const slash = url.indexOf('/', url.indexOf('//') + 2);
    const origin = slash < 0 ? url : url.slice(0, slash);
    const { path } = this.#options;
    // undici's types leave out CONNECT.
    const method: string = this.#options.method;
    try {
      // The path of CONNECT is an authority.
      const isBelow = slash >= 0 && method !== 'CONNECT';
      const target = isBelow ? url.slice(slash) + this.#insidePath() : path;
      this.#parts.dispatcher.dispatch(
        { ...this.#options, origin, path: target, body: this.#body.content ?? null },
        attempt,
      );
    } catch (error) {
      attempt.onResponseError(this, error as Error);
    }
  }

  /** The path for a backend with a base path. @throws BadRequestError if it would leave the base path */
  #insidePath(): string {
    const { path } = this.#options;
    if (!path.startsWith('/'))
      throw new BadRequestError(`path must begin with a slash for a backend with a base path, got ${path}`);
    return insidePath(path);
  }

  /**
   * An error of the handler, or of a function of the host, ends its own request; it is not the backend's
   * fault.
   */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.abort(error as Error);
    }
  }

  #passHead(status: number, headers: DispatchedHeaders, statusText: string | undefined): void {
    this.#isPassing = true;
    this.#guard(() => this.#handler.onResponseStart?.(this, status, headers, statusText));
  }

  #fail(error: Error, outcome?: Outcome): void {
    if (this.#isOver) return;
    this.#attempts.tell(error);
    this.#settle(outcome);
    this.#handler.onResponseError?.(this, error);
  }

  /** @param outcome - if it differs from the outcome that the attempts recorded */
  #settle(outcome?: Outcome): void {
    this.#isOver = true;
    this.#kept = undefined;
    this.#attempts.end(outcome);
    this.#parts.over(this);
  }
}
