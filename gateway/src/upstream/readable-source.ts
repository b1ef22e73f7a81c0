// A stream of Node as the body of a request.
import type { Readable } from 'node:stream';
import type { BodySink, BodySource } from '../http1/body-source.ts';

/** Reads a stream on demand. */
export class ReadableSource implements BodySource {
  readonly #stream: Readable;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  open(sink: BodySink): void {
    const stream = this.#stream;
    stream.on('data', (chunk: Buffer) => sink.data(chunk));
    stream.on('end', () => sink.end(undefined));
    stream.on('error', (error) => sink.failed(error));
    // After its end this tells nothing.
    stream.on('close', () => sink.failed(new Error('the body has broken off')));
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}
