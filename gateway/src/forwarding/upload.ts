// The body of a request, which may be sent to several backends.

import { Readable } from 'node:stream';
import type { BodySink, BodySource } from '../message/body.ts';

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
  readonly #source: BodySource;
  readonly #limits: UploadLimits;
  #isStarted = false;
  #isEnded = false;
  #error: Error | undefined;
  /** The kept bytes; `undefined` once they exceed the limit. */
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #taker: UploadStream | undefined;

  constructor(source: BodySource, limits: UploadLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /** Whether it can be sent again from the beginning. */
  get isReplayable(): boolean {
    return this.#kept !== undefined;
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
  open(): Readable {
    const stream = new UploadStream(() => this.#wanted(stream));
    this.#taker = stream;
    for (const chunk of this.#kept ?? []) stream.push(chunk);
    if (this.#error !== undefined) stream.destroy(this.#error);
    else if (this.#isEnded) stream.push(null);
    return stream;
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
    if (!this.#isEnded) this.#taker?.destroy(this.#error ?? new Error('the request is over'));
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
    this.#taker?.destroy(error);
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
    if (this.#taker === undefined) return;
    if (!this.#taker.push(chunk)) this.#source.pause();
  }

  end(): void {
    if (this.#isEnded || this.#error !== undefined) return;
    this.#isEnded = true;
    this.#taker?.push(null);
  }

  failed(error: Error): void {
    this.fail(error);
  }

  #wanted(stream: UploadStream): void {
    if (stream !== this.#taker) return;
    if (this.#isStarted) this.#source.resume();
    else {
      this.#isStarted = true;
      this.#source.open(this);
    }
  }
}

function ignore(): void {}

/** The body as one attempt reads it. */
class UploadStream extends Readable {
  readonly #wanted: () => void;

  constructor(wanted: () => void) {
    super({ highWaterMark: 65_536 });
    this.#wanted = wanted;
    // After the end of the attempt the stream has no reader, and an unhandled error would end the process.
    this.on('error', ignore);
  }

  override _read(): void {
    this.#wanted();
  }
}
