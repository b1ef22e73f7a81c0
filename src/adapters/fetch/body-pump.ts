// Passes a response body on to the caller, and reports how it ended.

/** Receives how a body ended. Only the first call counts. */
export interface BodyWatcher {
  /** The whole body was received. */
  complete(): void;
  /** The body broke off. */
  broken(): void;
  /** The caller does not want the rest. */
  unwanted(): void;
}

/**
 * This many bytes are read ahead. So a body up to this size ends, and its lease with it, even if the caller
 * never reads it.
 */
const READ_AHEAD_BYTES = 65_536;

/**
 * Cancels bodies whose stream was garbage-collected before it was read to its end. Not every platform
 * supports that. The registered pump must not refer to the stream strongly, or the stream would never be
 * collected.
 */
const collected =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<BodyPump>((pump) => pump.cancel(undefined).catch(() => {}));

/**
 * Passes a body on as it is received, and reports how it ends. It holds a strong reference to its stream only
 * while a read is pending. So an abandoned stream can be garbage-collected, and one with a pending read
 * cannot.
 */
export class BodyPump {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #watcher: BodyWatcher;
  /** Chunks that were read ahead. */
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isReading = false;
  /** How the body ended; applied to the stream after the chunks that were read ahead. */
  #end: ((controller: ReadableByteStreamController) => void) | undefined;
  #waiting: ReadableByteStreamController | undefined;
  #stream: WeakRef<ReadableByteStreamController> | undefined;

  constructor(body: ReadableStream<Uint8Array>, watcher: BodyWatcher) {
    this.#reader = body.getReader();
    this.#watcher = watcher;
    this.#reader.closed.catch(() => watcher.broken());
    this.#readAhead();
  }

  /** The stream for the caller. To be called once. */
  stream(): ReadableStream<Uint8Array> {
    const stream = new ReadableStream({
      type: 'bytes',
      start: (controller) => {
        this.#stream = new WeakRef(controller);
      },
      pull: (controller) => {
        this.#waiting = controller;
        this.#serve();
      },
      cancel: (reason) => this.cancel(reason),
    });
    collected?.register(stream, this);
    return stream;
  }

  /** Fails the stream at once. */
  fail(reason: unknown): void {
    const controller = this.#waiting ?? this.#stream?.deref();
    this.#drop((late) => late.error(reason));
    controller?.error(reason);
  }

  /** Cancels the body. */
  cancel(reason: unknown): Promise<void> {
    this.#watcher.unwanted();
    this.#drop(() => {});
    return this.#reader.cancel(reason);
  }

  /** Discards the chunks that were read ahead. */
  #drop(end: (controller: ReadableByteStreamController) => void): void {
    this.#end = end;
    this.#chunks = [];
    this.#waiting = undefined;
  }

  #readAhead(): void {
    if (this.#isReading || this.#end !== undefined || this.#bytes >= READ_AHEAD_BYTES) return;
    this.#isReading = true;
    this.#reader.read().then(
      ({ done, value }) => {
        this.#isReading = false;
        if (done) {
          this.#watcher.complete();
          this.#end ??= close;
        } else if (value.byteLength > 0 && this.#end === undefined) {
          this.#chunks.push(value);
          this.#bytes += value.byteLength;
        }
        this.#serve();
        this.#readAhead();
      },
      (error) => {
        this.#watcher.broken();
        this.#end ??= (controller) => controller.error(error);
        this.#serve();
      },
    );
  }

  /** Fulfils a pending read, if there is a chunk or the end. */
  #serve(): void {
    const controller = this.#waiting;
    const chunk = this.#chunks[0];
    if (controller === undefined || (chunk === undefined && this.#end === undefined)) return;
    this.#waiting = undefined;
    if (chunk === undefined) {
      this.#end?.(controller);
      return;
    }
    this.#chunks.shift();
    this.#bytes -= chunk.byteLength;
    controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
    this.#readAhead();
  }
}

function close(controller: ReadableByteStreamController): void {
  controller.close();
  // A pending read into a buffer of the caller (BYOB) is fulfilled only by this.
  controller.byobRequest?.respond(0);
}
