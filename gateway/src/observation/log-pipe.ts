/** What a write to a pipe of at most so many bytes is: whole, even where several processes write (POSIX `PIPE_BUF` on Linux). */
const ATOMIC_BYTES = 4_096;
/** How much waits for a reader that is slow, in bytes; what comes after that is dropped. */
const MAX_WAITING_BYTES = 4_194_304;
/** How soon to try again where the reader is slow, and where the disk is full. */
const BUSY_MS = 20;
const FAULT_MS = 1_000;
/** How long the end of a process may wait for a slow reader. */
const FLUSH_MS = 500;

/** What to do when lines could not be written. */
export interface LogPipeListener {
  /** Nobody reads any more: nothing will ever be written again. */
  readonly onBroken?: (error: Error) => void;
  /** Lines are written again, after so many of them were dropped. */
  readonly onRecovered?: (dropped: number) => void;
}

/** Whole lines that are written at once. */
interface Batch {
  text: string;
  bytes: number;
  lines: number;
}

/**
 * Writes lines to a descriptor that does not block, many at a time, and never throws: while the reader is slow or the disk is full they wait,
 * up to 4 MiB, and are dropped and counted after that; when nobody reads any more all are.
 */
export class LogPipe {
  readonly #write: (chunk: Uint8Array) => number;
  readonly #listener: LogPipeListener;
  readonly #batches: Batch[] = [];
  /** What is left of a batch of which a part is out. */
  #rest: Uint8Array | undefined;
  #waitingBytes = 0;
  #isScheduled = false;
  #isBroken = false;
  #dropped = 0;
  #unreported = 0;

  /** @param write - writes what it can, and returns how many bytes that was; throws like `fs.writeSync` */
  constructor(write: (chunk: Uint8Array) => number, listener: LogPipeListener = {}) {
    this.#write = write;
    this.#listener = listener;
  }

  /** Lines that were lost. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes one line, its line feed included. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#isBroken || this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#drop(1);
      return;
    }
    // To one of which a part is out, nothing can be added.
    const last = this.#rest !== undefined && this.#batches.length === 1 ? undefined : this.#batches.at(-1);
    if (last !== undefined && last.bytes + bytes <= ATOMIC_BYTES) {
      last.text += line;
      last.bytes += bytes;
      last.lines++;
    } else this.#batches.push({ text: line, bytes, lines: 1 });
    this.#waitingBytes += bytes;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#drain());
  }

  /**
   * Writes what waits before it returns.
   * @param patienceMs - how long a slow reader may take
   */
  flush(patienceMs = FLUSH_MS): void {
    const until = performance.now() + patienceMs;
    while (this.#batches.length > 0) {
      const code = this.#writeAll();
      if (code !== 'EAGAIN' || performance.now() > until) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
    }
  }

  #drain(): void {
    const code = this.#writeAll();
    this.#isScheduled = this.#batches.length > 0;
    if (this.#isScheduled) setTimeout(() => this.#drain(), code === 'EAGAIN' ? BUSY_MS : FAULT_MS).unref();
    if (this.#isScheduled || this.#unreported === 0 || this.#isBroken) return;
    const dropped = this.#unreported;
    this.#unreported = 0;
    this.#listener.onRecovered?.(dropped);
  }

  /** @returns the code of the error that ended it before everything was written */
  #writeAll(): string | undefined {
    try {
      for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
        const chunk = this.#rest ?? Buffer.from(batch.text);
        const written = this.#write(chunk);
        this.#waitingBytes -= written;
        this.#rest = written < chunk.byteLength ? chunk.subarray(written) : undefined;
        if (this.#rest === undefined) this.#batches.shift();
      }
      return undefined;
    } catch (error) {
      const { code = 'EIO' } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'EBADF') this.#break(error as Error);
      return code;
    }
  }

  #break(error: Error): void {
    this.#isBroken = true;
    for (const { lines } of this.#batches) this.#drop(lines);
    this.#batches.length = 0;
    this.#rest = undefined;
    this.#waitingBytes = 0;
    this.#listener.onBroken?.(error);
  }

  #drop(lines: number): void {
    this.#dropped += lines;
    this.#unreported += lines;
  }
}
