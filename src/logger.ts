/** Where evenkeel writes what it does. The host injects it; a logger that throws never breaks a request. */
export interface ILoggerService {
  /** evenkeel passes the level (`'debug'`, `'warn'` or `'error'`) first and one message after it. */
  log(...args: unknown[]): void;
  /** Set to `false` to be spared the one line a decision, and the work of building it. */
  readonly debugEnabled?: boolean;
}

/** The settings of {@link LoggerService}. */
export interface LoggerServiceOptions {
  /** Whether one line for each decision is wanted. @defaultValue false */
  readonly debug?: boolean;
  /** Where lines go. @defaultValue the console */
  readonly sink?: (...args: unknown[]) => void;
}

/** A small logger to start with: writes each line to the console behind the name `evenkeel`. */
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
