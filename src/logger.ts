// The logger interface, and a simple logger.

/** Receives the log of evenkeel. The host implements it. A logger that throws never breaks a request. */
export interface ILoggerService {
  /**
   * Called with a level, a message, and what the message is about, as it is:
   *
   * - `'debug'` for each decision, with the method, the path and the backend's id
   * - `'error'` for each request that ends in an error, with the method, the path and the error
   * - `'warn'` for what the host should see to
   */
  log(...args: unknown[]): void;
}

/** Settings of {@link LoggerService}. */
export interface LoggerServiceOptions {
  /** Whether to print each decision. @defaultValue false */
  readonly debug?: boolean;
  /** Receives the log lines. @defaultValue `console.log` */
  readonly sink?: (...args: unknown[]) => void;
}

/**
 * A simple logger: prints each message to the console, prefixed with `evenkeel`; those of `'debug'` if asked
 * to.
 */
export class LoggerService implements ILoggerService {
  readonly #debug: boolean;
  readonly #sink: (...args: unknown[]) => void;

  constructor({ debug = false, sink = console.log }: LoggerServiceOptions = {}) {
    this.#debug = debug;
    this.#sink = sink;
  }

  log(...args: unknown[]): void {
    if (this.#debug || args[0] !== 'debug') this.#sink('evenkeel', ...args);
  }
}
