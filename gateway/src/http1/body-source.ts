// The body of a message on its way from one connection to another: pushed as fast as the taker allows.

/** Takes a body. Its methods must not throw. */
export interface BodySink {
  /** A part of the body. The sink may pause the source before it returns. */
  data(chunk: Buffer): void;
  /** The body is whole. @param trailers - names and values by turns; `undefined` for none */
  end(trailers: readonly string[] | undefined): void;
  /** The rest of the body will not come. */
  failed(error: Error): void;
}

/** Gives a body. */
export interface BodySource {
  /** Begins to deliver, perhaps at once. Called once. */
  open(sink: BodySink): void;
  /** Stops the delivery until `resume`. */
  pause(): void;
  resume(): void;
}
