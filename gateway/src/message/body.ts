// The body of a request as it is received, over any version of HTTP.
import type { Readable } from 'node:stream';
import type { BodySink } from '../http1/request-body.ts';

export type { BodySink } from '../http1/request-body.ts';

/** The body of a request. It is received only as fast as it is taken. */
export interface BodySource {
  readonly isPaused: boolean;
  /** Begins to deliver, once. */
  open(sink: BodySink): void;
  pause(): void;
  resume(): void;
}

const HALF = 'the client left before the end of its body';

/** A body that is a stream of Node. */
export class StreamBody implements BodySource {
  readonly #stream: Readable;
  readonly #isWhole: () => boolean;
  #isOver = false;

  /**
   * @param isWhole - whether the whole request was received; the stream of a client that left may end
   * normally
   */
  constructor(stream: Readable, isWhole: () => boolean) {
    this.#stream = stream;
    this.#isWhole = isWhole;
  }

  get isPaused(): boolean {
    return this.#stream.isPaused();
  }

  open(sink: BodySink): void {
    this.#stream
      .on('data', (chunk: Buffer) => sink.data(chunk))
      .on('end', () => this.#finish(sink))
      .on('error', (error) => this.#fail(sink, error))
      .on('close', () => this.#finish(sink));
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  #finish(sink: BodySink): void {
    if (this.#isWhole()) this.#end(sink);
    // A stream of HTTP/2 reports its end only after the bytes received together were read.
    else setImmediate(() => (this.#isWhole() ? this.#end(sink) : this.#fail(sink, new Error(HALF))));
  }

  #end(sink: BodySink): void {
    if (this.#isOver) return;
    this.#isOver = true;
    sink.end(undefined);
  }

  #fail(sink: BodySink, error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    sink.failed(error);
  }
}
