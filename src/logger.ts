// The logger interface, and a simple logger.

/** Receives the log of evenkeel. The host implements it. A logger that throws never breaks a request. */
export interface ILoggerService {
  /** Called with the level (`'debug'`, `'warn'` or `'error'`) and a message. */
  log(...args: unknown[]): void;
  /** `false` turns off the `debug` message for each decision, and saves the time to build it. */
  readonly debugEnabled?: boolean;
}

/** Settings of {@link LoggerService}. */
export interface LoggerServiceOptions {
  /** Whether to log each decision. @defaultValue false */
  readonly debug?: boolean;
  /** Receives the log lines. @defaultValue `console.log` */
  readonly sink?: (...args: unknown[]) => void;
}

/** A simple logger: writes each message to the console, prefixed with `evenkeel`. */
export class LoggerService implements ILoggerService {
  readonly debugEnabled: boolean;
  readonly #sink: (...args: unknown[]) => void;

  constructor({ debug = false, sink = console.log }: LoggerServiceOptions = {}) {
    this.debugEnabled = debug;
    this.#sink = sink;
  }

  log(...args: unknown[]): void {
    this.#sink('evenkeel', ...args);
  }
}
