// Writes log lines without ever waiting for the reader of the log.

/**
 * A write of at most this many bytes to a pipe is whole, even if several processes write (`PIPE_BUF` of
 * Linux).
 */
const ATOMIC_BYTES = 4_096;
/** Bytes that may wait for a slow reader; more are dropped. */
const MAX_WAITING_BYTES = 4_194_304;
/** When to try again: after a slow reader, and after a full disk. */
const BUSY_MS = 20;
const FAULT_MS = 1_000;
/** How long the exit of the process may wait for a slow reader. */
const FLUSH_MS = 500;

/** Called when lines are lost. */
export interface LogPipeListener {
  /** The reader is gone: nothing will ever be written again. */
  readonly onBroken?: (error: Error) => void;
  /** Lines are written again, after `dropped` lines were lost. */
  readonly onRecovered?: (dropped: number) => void;
}

/** Whole lines that are written together. */
interface Batch {
  text: string;
  bytes: number;
  lines: number;
}

/**
 * Writes lines to a non-blocking descriptor, many at a time, and never throws. While the reader is slow or
 * the disk is full, up to 4 MiB wait; more lines are dropped and counted. When the reader is gone, all are.
 */
export class LogPipe {
  readonly #write: (chunk: Uint8Array) => number;
  readonly #listener: LogPipeListener;
  readonly #batches: Batch[] = [];
  /** The rest of a batch that was written in part. */
  #rest: Uint8Array | undefined;
  #waitingBytes = 0;
  #isScheduled = false;
  #isBroken = false;
  #dropped = 0;
  #unreported = 0;

  /** @param write - writes what it can and returns the number of bytes; throws like `fs.writeSync` */
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
    // A batch that was written in part takes no more lines.
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
   * Writes all waiting lines before it returns.
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

  /** @returns the code of the error that stopped it; `undefined` if everything was written */
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
