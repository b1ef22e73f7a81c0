/** Hears how a body ended; each of these may be called after another, and then means nothing. */
export interface BodyWatcher {
  /** All of it has come. */
  complete(): void;
  /** It broke off. */
  broken(): void;
  /** Nobody wants the rest. */
  unwanted(): void;
}

/** What is read before anybody asks for it: an answer up to this size has come whether it is read or not. */
const READ_AHEAD_BYTES = 65_536;

/**
 * Bodies that were never read, and that nobody can read any more. Not every platform tells.
 * What is registered must not lead back to the stream, or it would never be forgotten.
 */
const forgotten =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<BodyPump>((pump) => pump.cancel(undefined).catch(() => {}));

/**
 * Passes a body on as it comes, and tells how it ends. It knows the stream that it fills only while somebody waits for more: so that a
 * stream that nobody has any more can be forgotten, and one that somebody waits for cannot.
 */
export class BodyPump {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #watcher: BodyWatcher;
  /** What was read ahead. */
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isReading = false;
  /** How it ended, for whoever has taken what was read ahead. */
  #end: ((controller: ReadableByteStreamController) => void) | undefined;
  #waiting: ReadableByteStreamController | undefined;
  #stream: WeakRef<ReadableByteStreamController> | undefined;

  constructor(body: ReadableStream<Uint8Array>, watcher: BodyWatcher) {
    this.#reader = body.getReader();
    this.#watcher = watcher;
    this.#reader.closed.catch(() => watcher.broken());
    this.#readAhead();
  }

  /** To be called once. */
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
    forgotten?.register(stream, this);
    return stream;
  }

  /** Breaks the stream off at once. */
  fail(reason: unknown): void {
    const controller = this.#waiting ?? this.#stream?.deref();
    this.#drop((late) => late.error(reason));
    controller?.error(reason);
  }

  cancel(reason: unknown): Promise<void> {
    this.#watcher.unwanted();
    this.#drop(() => {});
    return this.#reader.cancel(reason);
  }

  /** Gives nothing any more of what was read ahead. */
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

  /** Gives whoever waits what there is. */
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
  // Whoever reads into a buffer of its own waits for this.
  controller.byobRequest?.respond(0);
}
