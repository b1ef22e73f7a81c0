// One request to a backend over HTTP/1.1, told in the terms of the gateway.
import type { ClientCall, ResponseHandler } from '../http1/client-call.ts';
import type { ResponseParser } from '../http1/parse-response.ts';
import { BackendFailure } from './backend-failure.ts';
import type { BackendCall, ResponseEvents } from './connections.ts';

/** Hears of one request, and passes it on. */
export class BackendExchange implements ResponseHandler, BackendCall {
  readonly #events: ResponseEvents;
  #call: ClientCall | undefined;

  constructor(events: ResponseEvents) {
    this.#events = events;
  }

  /** @param call - that this is the handler of; it may wait for a connection */
  attach(call: ClientCall): void {
    this.#call = call;
  }

  resume(): void {
    this.#call?.resume();
  }

  abort(): void {
    this.#call?.abort();
  }

  limitBody(timeoutMs: number): void {
    if (this.#call !== undefined) this.#call.bodyTimeoutMs = timeoutMs;
  }

  started(call: ClientCall): void {
    this.#call = call;
    this.#events.started(this);
  }

  interim(head: ResponseParser): void {
    this.#events.interim(head.status, head.rawHeaders());
  }

  head(head: ResponseParser, isWhole: boolean): boolean {
    return this.#events.head(head.status, head.statusText, head, isWhole);
  }

  data(chunk: Buffer): boolean {
    return this.#events.data(chunk);
  }

  end(trailers: string[] | undefined): void {
    this.#events.end(trailers);
  }

  /** Never comes: no change of the protocol was asked for. */
  upgraded(): void {}

  failed(error: Error, isSent: boolean): void {
    this.#events.failed(new BackendFailure(error, isSent));
  }
}
