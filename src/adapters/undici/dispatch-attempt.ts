// One attempt of a request through undici.
import type { Controller, DispatchedHeaders, Handler, UpgradedSocket } from './dispatch-types.ts';

/** The call that an attempt belongs to. */
export interface AttemptOwner {
  interim(status: number, headers: DispatchedHeaders, statusText: string | undefined): void;
  /**
   * The head of a response was received.
   * @returns whether the owner wants the response; otherwise it is discarded
   */
  head(status: number, headers: DispatchedHeaders, statusText: string | undefined): boolean;
  data(chunk: Buffer): void;
  ended(trailers: DispatchedHeaders): void;
  upgraded(status: number, headers: DispatchedHeaders, socket: UpgradedSocket): void;
  /** There is no response, or it is incomplete. */
  attemptFailed(error: Error): void;
}

/** The most bytes of an unwanted response that are read and discarded, to keep the connection. */
const MAX_DISCARDED_BYTES = 65_536;

/** One attempt of a request on one backend. It passes undici's events on until the attempt is over. */
export class DispatchAttempt implements Handler {
  /** `undefined` before the request is sent. */
  controller: Controller | undefined;
  readonly #owner: AttemptOwner;
  /** Whether the owner gets no more events; and the reason, if the attempt was aborted. */
  #isOver = false;
  #reason: Error | undefined;
  #discarded = 0;

  constructor(owner: AttemptOwner) {
    this.#owner = owner;
  }

  /** Whether it is certain that nothing was sent. */
  get isUnsent(): boolean {
    return this.controller === undefined;
  }

  /** Aborts the attempt. The owner gets no more events. */
  abort(reason: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason = reason;
    this.controller?.abort(reason);
  }

  /** Discards the rest of the response. The owner gets no more events. */
  drop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.controller?.resume();
  }

  onRequestStart(controller: Controller): void {
    this.controller = controller;
    if (this.#reason !== undefined) controller.abort(this.#reason);
  }

  onRequestUpgrade(
    _controller: Controller,
    status: number,
    headers: DispatchedHeaders,
    socket: UpgradedSocket,
  ): void {
    if (this.#isOver) return void socket.destroy();
    this.#isOver = true;
    this.#owner.upgraded(status, headers, socket);
  }

  onResponseStart(
    _controller: Controller,
    status: number,
    headers: DispatchedHeaders,
    statusText?: string,
  ): void {
    if (this.#isOver) return;
    if (status < 200) this.#owner.interim(status, headers, statusText);
    else if (!this.#owner.head(status, headers, statusText)) this.#isOver = true;
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (!this.#isOver) this.#owner.data(chunk);
    else if ((this.#discarded += chunk.length) > MAX_DISCARDED_BYTES)
      controller.abort(new Error('the response was discarded'));
  }

  onResponseEnd(_controller: Controller, trailers: DispatchedHeaders): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.ended(trailers);
  }

  onResponseError(_controller: Controller, error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.attemptFailed(error);
  }
}
