// The logger interface, and a simple logger.

import { bag, checkBag } from './options/bag.ts';
import { aBoolean, aFunction } from './options/rule.ts';

/** Receives the log of evenkeel. The host implements it. A logger that throws never breaks a request. */
export interface ILoggerService {
  /**
   * Called with a level, a fixed text, and what it is about, as it is; nothing is formatted:
   *
   * - `'debug'` for each decision, with the method, the path and the backend's id
   * - `'warn'` for each failed attempt, with the method, the path, the backend's id and the error or response
   * - `'error'` for each request that ends in an error, with the method, the path and the error
   * - `'info'` or `'warn'` for each change of the pool, with the event
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

const OPTIONS = bag<LoggerServiceOptions>({ debug: aBoolean, sink: aFunction });

/**
 * A simple logger: prints each message to the console, prefixed with `evenkeel`; those of `'debug'` if asked
 * to.
 */
export class LoggerService implements ILoggerService {
  readonly #debug: boolean;
  readonly #sink: (...args: unknown[]) => void;

  /** @throws TypeError that names the option and its value */
  constructor(options: LoggerServiceOptions = {}) {
    checkBag(options, OPTIONS, '', 'LoggerService');
    const { debug = false, sink = console.log } = options;
    this.#debug = debug;
    this.#sink = sink;
  }

  log(...args: unknown[]): void {
    if (this.#debug || args[0] !== 'debug') this.#sink('evenkeel', ...args);
  }
}
