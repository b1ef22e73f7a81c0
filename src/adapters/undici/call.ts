import { type Dispatcher, errors } from 'undici';
import type { Backend, Outcome, Timers } from '../../index.ts';
import { isCallersMistake } from '../clients/callers-mistake.ts';
import type { Exchange } from '../clients/exchange.ts';
import { Attempt, type AttemptOwner, type Headers, type Socket } from './attempt.ts';
import type { CallBody } from './call-body.ts';

type Options = Dispatcher.DispatchOptions;

/** What a {@link Call} works with. */
export interface CallParts {
  readonly dispatcher: Dispatcher;
  readonly timers: Timers;
  readonly isFailure: (status: number) => boolean;
  /** Nothing more is to be sent or received; a socket that was handed over may still be open. */
  readonly over: (call: Call) => void;
}

/** One request through the pool. To its handler it is one dispatch, whatever was tried. */
export class Call implements Dispatcher.DispatchController, AttemptOwner {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly #parts: CallParts;
  readonly #exchange: Exchange;
  readonly #options: Options;
  readonly #body: CallBody;
  readonly #handler: Dispatcher.DispatchHandler;
  /** Ends a wait in the queue. */
  readonly #left = new AbortController();
  #attempt: Attempt | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Of the answer that is being passed on. */
  #outcome: Outcome | undefined;
  #isOver = false;

  constructor(
    parts: CallParts,
    exchange: Exchange,
    options: Options,
    body: CallBody,
    handler: Dispatcher.DispatchHandler,
  ) {
    this.#parts = parts;
    this.#exchange = exchange;
    this.#options = options;
    this.#body = body;
    this.#handler = handler;
  }

  get rawHeaders() {
    return this.#attempt?.controller?.rawHeaders ?? null;
  }

  get rawTrailers() {
    return this.#attempt?.controller?.rawTrailers ?? null;
  }

  /** The first backend is chosen before it returns, unless there is a queue. */
  start(): void {
    this.#tell(() => this.#handler.onRequestStart?.(this, undefined));
    if (this.#isOver) return;
    try {
      const first = this.#exchange.first(this.#left.signal);
      if (first instanceof Promise) {
        const fail = (error: Error) => this.#fail(error, 'cancelled');
        first.then((backend) => this.#send(backend), fail);
      } else this.#send(first);
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
    this.#left.abort(reason);
  }

  pause(): void {
    this.paused = true;
    this.#attempt?.controller?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#attempt?.controller?.resume();
  }

  interim(status: number, headers: Headers, statusText: string | undefined): void {
    this.#tell(() => this.#handler.onResponseStart?.(this, status, headers, statusText));
  }

  head(status: number, headers: Headers, statusText: string | undefined): boolean {
    if (this.#sendNext({ status })) return false;
    this.#outcome = this.#parts.isFailure(status) ? 'failure' : 'success';
    this.#tell(() => this.#handler.onResponseStart?.(this, status, headers, statusText));
    return true;
  }

  data(chunk: Buffer): void {
    this.#tell(() => this.#handler.onResponseData?.(this, chunk));
  }

  ended(trailers: Headers): void {
    this.#settle(this.#outcome ?? 'success');
    try {
      this.#handler.onResponseEnd?.(this, trailers);
    } catch (error) {
      this.#handler.onResponseError?.(this, error as Error);
    }
  }

  upgraded(status: number, headers: Headers, socket: Socket): void {
    socket.once('close', () => this.#exchange.end('success'));
    this.#isOver = true;
    this.#parts.over(this);
    try {
      this.#handler.onRequestUpgrade?.(this, status, headers, socket);
    } catch (error) {
      socket.destroy();
      this.#handler.onResponseError?.(this, error as Error);
    }
  }

  failed(error: Error): void {
    const isUnsent = this.#attempt?.isUnsent === true;
    const isMistake = this.#body.hasFailed(error) || isCallersMistake(error);
    const isFinal = isMistake || this.#outcome !== undefined;
    if (isFinal || !this.#sendNext({ error, isUnsent }))
      this.#fail(error, isMistake ? 'cancelled' : 'failure');
  }

  /** @returns whether another backend gets the request */
  #sendNext(end: Parameters<Exchange['next']>[0]): boolean {
    const next = this.#exchange.next(end, this.#body.canRepeat);
    if (next === undefined) return false;
    this.#attempt = undefined;
    this.#cancelTimer = this.#parts.timers.schedule(() => this.#send(next.backend), next.delayMs);
    return true;
  }

  #send({ url }: Backend): void {
    if (this.#isOver) return;
    const attempt = new Attempt(this);
    this.#attempt = attempt;
    const slash = url.indexOf('/', url.indexOf('//') + 2);
    const origin = slash < 0 ? url : url.slice(0, slash);
    const { path } = this.#options;
    // CONNECT has an authority there.
    const target = slash >= 0 && path.startsWith('/') ? url.slice(slash) + path : path;
    try {
      this.#parts.dispatcher.dispatch(
        { ...this.#options, origin, path: target, body: this.#body.content ?? null },
        attempt,
      );
    } catch (error) {
      attempt.onResponseError(this, error as Error);
    }
  }

  /** What a handler throws ends its own request, and is not the backend's fault. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.abort(error as Error);
    }
  }

  #fail(error: Error, outcome: Outcome): void {
    if (this.#isOver) return;
    this.#exchange.note(error);
    this.#settle(outcome);
    this.#handler.onResponseError?.(this, error);
  }

  #settle(outcome: Outcome): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#exchange.end(outcome);
    this.#parts.over(this);
  }
}
