import type { Controller, DispatchedHeaders, Handler, UpgradedSocket } from './dispatch-types.ts';

/**
 * Adapts a handler of undici's older interface, which undici's own `request` and `fetch` use, and the `fetch`
 * of Node up to 24. It passes the raw headers on: rebuilt from the parsed ones, several `Set-Cookie` headers
 * would be one in the `fetch` of Node 20.
 */
export class OlderHandler implements Handler {
  readonly #handler: Handler;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    const abort = (reason?: Error) => controller.abort(reason as Error);
    const { onConnect } = this.#handler as { onConnect?: (abort: unknown, context: unknown) => void };
    onConnect?.call(this.#handler, abort, context);
  }

  onRequestUpgrade(
    { rawHeaders }: Controller,
    status: number,
    _headers: DispatchedHeaders,
    socket: UpgradedSocket,
  ): void {
    this.#handler.onUpgrade?.(status, rawHeaders as Buffer[], socket);
  }

  onResponseStart(
    controller: Controller,
    status: number,
    _headers: DispatchedHeaders,
    statusText = '',
  ): void {
    this.#handler.onResponseStarted?.();
    const resume = () => controller.resume();
    const isReady = this.#handler.onHeaders?.(status, controller.rawHeaders as Buffer[], resume, statusText);
    if (isReady === false) controller.pause();
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause();
  }

  onResponseEnd({ rawTrailers }: Controller): void {
    this.#handler.onComplete?.(rawTrailers as string[]);
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#handler.onError?.(error);
  }
}
