// The body of a request, which may be sent to several backends.
import type { BodySink, BodySource } from '../http1/body-source.ts';
import type { RequestBody } from '../message/body.ts';
import type { Client } from '../message/client.ts';
import { passedTrailers } from '../message/trailers.ts';

/** The limits of an {@link Upload}. */
export interface UploadLimits {
  readonly bodyBytes: number;
  /** The most bytes that are kept for another attempt. */
  readonly replayBytes: number;
}

/** The request body exceeds its limit. */
export class BodyTooLargeError extends Error {}

/**
 * The body of a request, which goes to one backend, or from its beginning again to the next one. It is read
 * only on demand of the current attempt. Its bytes are kept while the whole body fits into `replayBytes`.
 */
export class Upload implements BodySink {
  /** Bytes received from the client. */
  received = 0;
  readonly #source: RequestBody;
  readonly #limits: UploadLimits;
  readonly #client: Pick<Client, 'askForBody'> | undefined;
  #isStarted = false;
  #isEnded = false;
  #error: Error | undefined;
  /** The kept bytes; `undefined` once they exceed the limit. */
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #trailers: readonly string[] | undefined;
  #taker: AttemptBody | undefined;

  /** @param client - waits until it is asked for the body; `undefined` for one that does not wait */
  constructor(source: RequestBody, limits: UploadLimits, client?: Pick<Client, 'askForBody'>) {
    this.#source = source;
    this.#limits = limits;
    this.#client = client;
  }

  /** Whether it can be sent again from the beginning. */
  get isReplayable(): boolean {
    return this.#kept !== undefined || !this.#isStarted;
  }

  /** Whether the gateway waits for more of the body. */
  get isAwaited(): boolean {
    return this.#isStarted && !this.#isEnded && this.#error === undefined && !this.#source.isPaused;
  }

  /** The error on the client's side. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Returns the body from its beginning for an attempt. The attempt before gets nothing more. */
  open(): BodySource {
    this.#taker = new AttemptBody(this, this.#kept ?? []);
    return this.#taker;
  }

  /**
   * Pauses until the next attempt. Bytes received meanwhile might exceed the limit, and would be missing in
   * it.
   */
  hold(): void {
    this.#taker = undefined;
    if (this.#isStarted) this.#source.pause();
  }

  /** Keeps no bytes for another attempt, from now on. */
  forget(): void {
    this.#kept = undefined;
  }

  /** Ends the body with the request, so that no backend takes a part of it for the whole. */
  close(): void {
    if (!this.#isEnded) this.#taker?.fail(this.#error ?? new Error('the request is over'));
    this.discard();
  }

  /** Discards the rest of the body. */
  discard(): void {
    this.#taker = undefined;
    this.#kept = undefined;
    if (this.#isStarted) this.#source.resume();
  }

  /** Ends the body with an error, so that the backend does not take it for complete. */
  fail(error: Error): void {
    if (this.#isEnded || this.#error !== undefined) return;
    this.#error = error;
    this.#taker?.fail(error);
  }

  data(chunk: Buffer): void {
    this.received += chunk.length;
    if (this.received > this.#limits.bodyBytes) this.fail(new BodyTooLargeError('the body is too large'));
    if (this.#error !== undefined) return;
    if (this.#kept !== undefined) {
      this.#keptBytes += chunk.length;
      if (this.#keptBytes <= this.#limits.replayBytes) this.#kept.push(chunk);
      else this.#kept = undefined;
    }
    this.#taker?.take(chunk);
  }

  end(trailers: readonly string[] | undefined): void {
    if (this.#isEnded || this.#error !== undefined) return;
    this.#isEnded = true;
    this.#trailers = trailers && passedTrailers(trailers);
    this.#taker?.end(this.#trailers);
  }

  failed(error: Error): void {
    this.fail(error);
  }

  /** An attempt wants more than was kept. */
  wanted(taker: AttemptBody): void {
    if (taker !== this.#taker) return;
    if (this.#error !== undefined) taker.fail(this.#error);
    else if (this.#isEnded) taker.end(this.#trailers);
    else if (this.#isStarted) this.#source.resume();
    else {
      this.#isStarted = true;
      this.#client?.askForBody();
      this.#source.open(this);
    }
  }

  /** An attempt takes no more for now. */
  paused(taker: AttemptBody): void {
    if (taker === this.#taker && this.#isStarted) this.#source.pause();
  }
}

/** The body as one attempt reads it: what was kept, then what is received. */
class AttemptBody implements BodySource {
  readonly #upload: Upload;
  /** What was kept before; then pieces that were received while it was paused. */
  #waiting: readonly Buffer[];
  #next = 0;
  #sink: BodySink | undefined;
  #isPaused = false;
  #isDelivering = false;
  #isOver = false;

  constructor(upload: Upload, kept: readonly Buffer[]) {
    this.#upload = upload;
    // A copy: what is received from now on is kept, too.
    this.#waiting = [...kept];
  }

  open(sink: BodySink): void {
    this.#sink = sink;
    this.#deliver();
  }

  pause(): void {
    this.#isPaused = true;
    this.#upload.paused(this);
  }

  resume(): void {
    this.#isPaused = false;
    this.#deliver();
  }

  take(chunk: Buffer): void {
    if (this.#sink !== undefined && !this.#isPaused) this.#sink.data(chunk);
    else {
      this.#waiting = [...this.#waiting.slice(this.#next), chunk];
      this.#next = 0;
    }
  }

  end(trailers: readonly string[] | undefined): void {
    // Otherwise it is asked for again, when all before it was delivered.
    if (this.#isOver || this.#isPaused || this.#sink === undefined) return;
    this.#isOver = true;
    this.#sink.end(trailers);
  }

  fail(error: Error): void {
    if (this.#isOver || this.#sink === undefined) return;
    this.#isOver = true;
    this.#sink.failed(error);
  }

  #deliver(): void {
    if (this.#isDelivering || this.#sink === undefined) return;
    this.#isDelivering = true;
    while (!this.#isPaused && this.#next < this.#waiting.length)
      this.#sink.data(this.#waiting[this.#next++] as Buffer);
    this.#isDelivering = false;
    if (!this.#isPaused) this.#upload.wanted(this);
  }
}
