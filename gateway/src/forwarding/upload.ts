import { Readable } from 'node:stream';

const HALF = 'the client left before the end of its body';

/** What an {@link Upload} must not exceed. */
export interface UploadLimits {
  readonly bodyBytes: number;
  /** As much is kept for another attempt. */
  readonly replayBytes: number;
}

/** A body that is larger than is allowed. */
export class BodyTooLargeError extends Error {}

/**
 * The body of a request on its way to backends: to one, or from the beginning again to the next. It is not
 * read before somebody wants it, and never ahead of who takes it; its first bytes are kept as long as all of
 * it fits into `replayBytes`.
 */
export class Upload {
  /** Bytes that came from the client. */
  received = 0;
  readonly #source: Readable;
  readonly #isWhole: () => boolean;
  readonly #limits: UploadLimits;
  #isStarted = false;
  #isEnded = false;
  #error: Error | undefined;
  /** `undefined` once it has become too much. */
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #taker: UploadStream | undefined;

  /**
   * @param isWhole - whether all of the request has come: a stream of a client that has left may end like any
   * other
   */
  constructor(source: Readable, isWhole: () => boolean, limits: UploadLimits) {
    this.#source = source;
    this.#isWhole = isWhole;
    this.#limits = limits;
  }

  /** Whether it can be sent once more from the beginning. */
  get isReplayable(): boolean {
    return this.#kept !== undefined;
  }

  /** Whether the client is to send, and has not yet sent all. */
  get isAwaited(): boolean {
    return this.#isStarted && !this.#isEnded && this.#error === undefined && !this.#source.isPaused();
  }

  /** What went wrong on the client's side. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** The body from its beginning, for one attempt; the attempt before gets nothing more. */
  open(): Readable {
    const stream = new UploadStream(() => this.#wanted(stream));
    this.#taker = stream;
    for (const chunk of this.#kept ?? []) stream.push(chunk);
    if (this.#error !== undefined) stream.destroy(this.#error);
    else if (this.#isEnded) stream.push(null);
    return stream;
  }

  /**
   * Waits for the next attempt: what came before it might be more than is kept, and would be missing in it.
   */
  hold(): void {
    this.#taker = undefined;
    if (this.#isStarted) this.#source.pause();
  }

  /** The request is over: nobody may take half a body for a whole one. */
  close(): void {
    if (!this.#isEnded) this.#taker?.destroy(this.#error ?? new Error('the request is over'));
    this.discard();
  }

  /** Lets the rest go by unread. */
  discard(): void {
    this.#taker = undefined;
    this.#kept = undefined;
    if (this.#isStarted) this.#source.resume();
  }

  /** Ends it with an error: who takes it must not take it for complete. */
  fail(error: Error): void {
    if (this.#isEnded || this.#error !== undefined) return;
    this.#error = error;
    this.#taker?.destroy(error);
  }

  #wanted(stream: UploadStream): void {
    if (stream !== this.#taker) return;
    if (this.#isStarted) this.#source.resume();
    else this.#start();
  }

  #start(): void {
    this.#isStarted = true;
    this.#source
      .on('data', (chunk: Buffer) => this.#take(chunk))
      .on('end', () => this.#finish())
      .on('error', (error) => this.fail(error))
      .on('close', () => this.#finish());
  }

  #take(chunk: Buffer): void {
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

  #finish(): void {
    if (this.#isWhole()) this.#end();
    // A stream of HTTP/2 knows only when all that came together has been read.
    else setImmediate(() => (this.#isWhole() ? this.#end() : this.fail(new Error(HALF))));
  }

  #end(): void {
    if (this.#isEnded || this.#error !== undefined) return;
    this.#isEnded = true;
    this.#taker?.push(null);
  }
}

function ignore(): void {}

/** What one attempt reads. */
class UploadStream extends Readable {
  readonly #wanted: () => void;

  constructor(wanted: () => void) {
    super({ highWaterMark: 65_536 });
    this.#wanted = wanted;
    // Whoever reads it has let go of it where its attempt is over: an error that nobody takes would end the
    // process.
    this.on('error', ignore);
  }

  override _read(): void {
    this.#wanted();
  }
}
