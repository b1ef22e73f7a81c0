// One request through undici, told in the terms of the gateway.
import { STATUS_CODES } from 'node:http';
import type { Dispatcher } from 'undici';
import { BackendFailure } from './backend-failure.ts';
import type { BackendCall, ResponseEvents } from './connections.ts';

/**
 * Hears what undici says of one request, and passes it on. It has the older form of undici's handlers, which
 * gets headers as they came: the newer one first makes objects of them, which the gateway does not look at.
 */
export class UndiciCall implements Dispatcher.DispatchHandler, BackendCall {
  readonly #events: ResponseEvents;
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #isAborted = false;

  constructor(events: ResponseEvents) {
    this.#events = events;
  }

  resume(): void {
    // Not at once: the client may drain while undici reads for another response.
    queueMicrotask(() => {
      if (!this.#isAborted) this.#resume?.();
    });
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#abort?.(new Error('the request was given up'));
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#isAborted) abort(new Error('the request was given up'));
    else this.#events.started(this);
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, statusText: string): boolean {
    if (this.#isAborted) return true;
    this.#resume = resume;
    if (status < 100 || status >= 200)
      return this.#events.head(status, phraseOf(status, statusText), headers);
    this.#events.interim(status, headers);
    return true;
  }

  onData(chunk: Buffer): boolean {
    return this.#isAborted || this.#events.data(chunk);
  }

  onComplete(trailers: (string | Buffer)[] | null): void {
    if (!this.#isAborted) this.#events.end(trailers?.length ? trailers : undefined);
  }

  onError(error: Error): void {
    // undici may have sent something as soon as there was a connection.
    if (!this.#isAborted) this.#events.failed(new BackendFailure(error, this.#abort !== undefined));
  }
}

/** undici reads a phrase as UTF-8; the gateway has one character for each byte. */
function phraseOf(status: number, statusText: string): string {
  return statusText === STATUS_CODES[status] ? statusText : Buffer.from(statusText).toString('latin1');
}
