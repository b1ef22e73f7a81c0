// The body of a request as it is received: pieces of the connection's bytes, as fast as they are wanted.

import type { BodySink, BodySource } from './body-source.ts';

/** Bytes that are received before anyone wants them; more are left to the connection. */
const MAX_WAITING_BYTES = 65_536;

/** Shared, and never written. */
const NONE: Buffer[] = [];

/** One body. It waits, paused, until it is opened. */
export class RequestBody implements BodySource {
  /** Whether all of it was received, whether or not it was delivered. */
  isReceived = false;
  isPaused = true;
  /** Whether the connection reads no more until the body is less full. The connection sets it. */
  isHeld = false;
  readonly #resumeReading: () => void;
  #sink: BodySink | undefined;
  #waiting: Buffer[] = NONE;
  /** The index of the next piece that waits. */
  #next = 0;
  #waitingBytes = 0;
  #trailers: string[] | undefined;
  #error: Error | undefined;
  #isOver = false;

  /** @param resumeReading - called when more may be received, after it was held */
  constructor(resumeReading: () => void) {
    this.#resumeReading = resumeReading;
  }

  /** Whether no more should be received for now. */
  get isFull(): boolean {
    return this.isPaused && this.#waitingBytes >= MAX_WAITING_BYTES;
  }

  /** Begins to deliver. */
  open(sink: BodySink): void {
    this.#sink = sink;
    if (this.#error !== undefined) sink.failed(this.#error);
    else this.resume();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    // The sink may pause, and resume, at any piece.
    while (!this.isPaused && this.#next < this.#waiting.length) {
      const chunk = this.#waiting[this.#next++] as Buffer;
      this.#waitingBytes -= chunk.length;
      this.#sink?.data(chunk);
    }
    if (!this.isPaused) {
      this.#waiting = NONE;
      this.#next = 0;
      this.#tellEnd();
    }
    if (!this.isHeld || this.isFull) return;
    this.isHeld = false;
    this.#resumeReading();
  }

  /** A piece was received. */
  take(chunk: Buffer): void {
    if (!this.isPaused) {
      this.#sink?.data(chunk);
      return;
    }
    if (this.#waiting === NONE) this.#waiting = [];
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  /** All was received. */
  complete(trailers: string[] | undefined): void {
    this.isReceived = true;
    this.#trailers = trailers;
    if (!this.isPaused) this.#tellEnd();
  }

  /** The rest will not come. Pieces that wait are dropped. */
  fail(error: Error): void {
    if (this.isReceived || this.#isOver) return;
    this.#error = error;
    this.#isOver = true;
    this.#waiting = NONE;
    this.#waitingBytes = this.#next = 0;
    this.#sink?.failed(error);
  }

  #tellEnd(): void {
    if (!this.isReceived || this.#isOver || this.#sink === undefined || this.#error !== undefined) return;
    this.#isOver = true;
    this.#sink.end(this.#trailers);
  }
}
