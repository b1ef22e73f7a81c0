// One attempt of a request through undici.
import type { Controller, DispatchedHeaders, Handler, UpgradedSocket } from './dispatch-types.ts';

/** The call that an attempt belongs to. */
export interface AttemptOwner {
  interim(status: number, headers: DispatchedHeaders, statusText: string | undefined): void;
  /** The head of an answer came. @returns whether the answer is wanted; else it goes by unread */
  head(status: number, headers: DispatchedHeaders, statusText: string | undefined): boolean;
  data(chunk: Buffer): void;
  ended(trailers: DispatchedHeaders): void;
  upgraded(status: number, headers: DispatchedHeaders, socket: UpgradedSocket): void;
  /** The response did not come, or not all of it. */
  attemptFailed(error: Error): void;
}

/** As much of an answer that nobody wants is read, so that its connection can be kept. */
const MAX_DISCARDED_BYTES = 65_536;

/** One try of a request on one backend: passes on what undici says while it is of interest. */
export class DispatchAttempt implements Handler {
  /** `undefined` before the request is sent. */
  controller: Controller | undefined;
  readonly #owner: AttemptOwner;
  /** Whether its owner hears of it no more, and for which reason, if it is to be ended. */
  #isOver = false;
  #reason: Error | undefined;
  #discarded = 0;

  constructor(owner: AttemptOwner) {
    this.#owner = owner;
  }

  /** Whether it is sure that nothing was sent. */
  get isUnsent(): boolean {
    return this.controller === undefined;
  }

  /** Ends it; its owner hears no more of it. */
  abort(reason: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason = reason;
    this.controller?.abort(reason);
  }

  /** Its owner wants no more of it: the rest goes by unread. */
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
      controller.abort(new Error('too much to discard'));
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
