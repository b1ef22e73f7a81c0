// The body of a request as it is received, over any version of HTTP.
import type { Readable } from 'node:stream';
import type { BodySink, BodySource } from '../http1/body-source.ts';

/** The body of a client's request. */
export interface RequestBody extends BodySource {
  readonly isPaused: boolean;
}

const HALF = 'the client left before the end of its body';

/** A body that is a stream of Node. */
export class StreamBody implements RequestBody {
  readonly #stream: Readable;
  readonly #isWhole: () => boolean;
  readonly #trailers: () => readonly string[] | undefined;
  #isOver = false;

  /**
   * @param isWhole - whether the whole request was received; the stream of a client that left may end
   * normally
   * @param trailers - names and values by turns, at the end
   */
  constructor(
    stream: Readable,
    isWhole: () => boolean,
    trailers: () => readonly string[] | undefined = () => undefined,
  ) {
    this.#stream = stream;
    this.#isWhole = isWhole;
    this.#trailers = trailers;
  }

  get isPaused(): boolean {
    return this.#stream.isPaused();
  }

  open(sink: BodySink): void {
    const { readableEnded, closed } = this.#stream;
    // A stream that turns out to be empty ends before it is read, and tells nothing afterwards.
    if (readableEnded || closed) this.#finish(sink);
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
    sink.end(this.#trailers());
  }

  #fail(sink: BodySink, error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    sink.failed(error);
  }
}
