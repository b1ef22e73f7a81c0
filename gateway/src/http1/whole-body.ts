// A body that is there at once.
import type { BodySink, BodySource } from './body-source.ts';

/** Delivers all bytes when it is opened. */
export class WholeBody implements BodySource {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  open(sink: BodySink): void {
    sink.data(this.#bytes);
    sink.end(undefined);
  }

  /** It was delivered. */
  pause(): void {}

  resume(): void {}
}
