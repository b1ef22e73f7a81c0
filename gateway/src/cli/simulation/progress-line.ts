// The progress of a long run, on one line of the terminal that is written over, and Ctrl-C.
import type { Io } from '../io.ts';

const EVERY_MS = 200;

/** Shows how far a run is, and ends it at SIGINT or SIGTERM with what there is until then. */
export class ProgressLine {
  /** Aborts at the first signal. A second one ends the process at once. */
  readonly signal: AbortSignal;
  readonly #io: Io;
  readonly #now: () => number;
  readonly #controller = new AbortController();
  readonly #stop = () => {
    if (this.#controller.signal.aborted) this.#io.exit?.(INTERRUPTED);
    this.#controller.abort();
  };
  #shownAt: number;
  #isShown = false;

  constructor(io: Io, now: () => number = () => performance.now()) {
    this.#io = io;
    this.#now = now;
    this.#shownAt = now();
    this.signal = this.#controller.signal;
    for (const signal of SIGNALS) io.process.on(signal, this.#stop);
  }

  /** Called often; shows a text a few times a second. A run must await it, so that signals are noticed. */
  async show(text: () => string): Promise<void> {
    const now = this.#now();
    if (now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    if (this.#io.isErrTerminal === true) {
      this.#isShown = true;
      this.#io.stderr.write(`\r\u001b[2K${text()}`);
    }
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }

  /** Clears the line. To be called once, at the end. */
  end(): void {
    for (const signal of SIGNALS) this.#io.process.off(signal, this.#stop);
    if (this.#isShown) this.#io.stderr.write('\r\u001b[2K');
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** The exit code of a process that SIGINT ended. */
const INTERRUPTED = 130;
