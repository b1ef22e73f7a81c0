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

/** Passes a body on as it comes, and tells how it ends. It does not keep alive what it fills. */
export class BodyPump {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #watcher: BodyWatcher;
  #controller: WeakRef<ReadableByteStreamController> | undefined;
  #isReading = false;

  constructor(body: ReadableStream<Uint8Array>, watcher: BodyWatcher) {
    this.#reader = body.getReader();
    this.#watcher = watcher;
    this.#reader.closed.catch(() => watcher.broken());
  }

  /** To be called once. */
  stream(): ReadableStream<Uint8Array> {
    const stream = new ReadableStream(
      {
        type: 'bytes',
        start: (controller) => {
          this.#controller = new WeakRef(controller);
        },
        // Without a promise, which would keep the stream alive while it waits.
        pull: () => this.#pull(),
        cancel: (reason) => this.cancel(reason),
      },
      { highWaterMark: READ_AHEAD_BYTES },
    );
    forgotten?.register(stream, this);
    return stream;
  }

  /** Breaks the stream off at once. */
  fail(reason: unknown): void {
    this.#controller?.deref()?.error(reason);
  }

  cancel(reason: unknown): Promise<void> {
    this.#watcher.unwanted();
    return this.#reader.cancel(reason);
  }

  #pull(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#reader.read().then(
      ({ done, value }) => {
        this.#isReading = false;
        if (done) this.#end();
        else if (value.byteLength === 0) this.#pull();
        else this.#controller?.deref()?.enqueue(value as Uint8Array<ArrayBuffer>);
      },
      (error) => {
        this.#watcher.broken();
        this.fail(error);
      },
    );
  }

  #end(): void {
    this.#watcher.complete();
    const controller = this.#controller?.deref();
    if (controller === undefined) return;
    try {
      controller.close();
      // Whoever reads into a buffer of its own waits for this.
      controller.byobRequest?.respond(0);
    } catch {
      // It was cancelled meanwhile.
    }
  }
}
