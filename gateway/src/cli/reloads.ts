// Reads the configuration again while a gateway runs.
import { isDeepStrictEqual } from 'node:util';
import { UnresolvedConfigError } from '../config/resolve-config.ts';
import type { GatewayLog } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { SerialQueue } from '../workers/serial-queue.ts';
import type { SharedConfig } from '../workers/shared-config.ts';
import { configChanges } from './config-changes.ts';
import type { ConfigSource, UsableConfig } from './config-source.ts';
import { configWarnings } from './config-warnings.ts';

/** The reason of a reload after a file changed. */
export const FILE_CHANGE = 'file change';

/** Fields of each log line. */
interface ReloadFields {
  readonly why: string;
  readonly file: string | undefined;
}

/** Applies a configuration, all of it or nothing. */
interface Reloadable {
  reload(config: SharedConfig): Promise<void>;
}

/** Reads the configuration again, and applies it if it is valid. */
export class Reloads {
  readonly #source: ConfigSource;
  readonly #gateway: Reloadable;
  readonly #log: GatewayLog;
  readonly #queue = new SerialQueue();
  #current: UsableConfig;
  /** The mistakes of the last refused configuration, and the files that it names. */
  #refused: readonly string[] = [];
  #refusedFiles: readonly string[] = [];

  /** @param current - the configuration that the gateway runs with */
  constructor(source: ConfigSource, current: UsableConfig, gateway: Reloadable, log: GatewayLog) {
    this.#source = source;
    this.#current = current;
    this.#gateway = gateway;
    this.#log = log;
  }

  /** The files that the configuration names, and those of a refused one: they may appear later. */
  get files(): readonly string[] {
    return [...new Set([...this.#current.files, ...this.#refusedFiles])];
  }

  /** Runs work before any further reload; reloads wait for it. @throws the error of the work */
  start<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(work);
  }

  /**
   * Never rejects: the mistakes of a wrong configuration are logged line by line, and the gateway keeps the
   * one before.
   * @param why - the reason, for the log
   */
  reload(why: string): Promise<void> {
    return this.#queue.run(() => this.#reload(why));
  }

  async #reload(why: string): Promise<void> {
    const fields = { why, file: this.#source.file };
    try {
      await this.#take(await this.#source.read(), fields);
      this.#refused = [];
      this.#refusedFiles = [];
    } catch (error) {
      this.#tellRefused(error, fields);
    }
  }

  async #take(next: UsableConfig, fields: ReloadFields): Promise<void> {
    if (isDeepStrictEqual(this.#current.config, next.config)) {
      const level = fields.why === FILE_CHANGE ? 'debug' : 'info';
      this.#log[level](fields, 'the configuration is the same as before');
      // Equal settings may come from other files.
      this.#current = next;
      return;
    }
    const changes = configChanges(this.#current.config, next.config);
    await this.#gateway.reload(next.config);
    const before = configWarnings(this.#current.config);
    this.#current = next;
    for (const warning of configWarnings(next.config))
      if (!before.includes(warning)) this.#log.warn(fields, warning);
    this.#log.info({ ...fields, changes }, `the configuration has changed: ${changes.join(', ')}`);
  }

  #tellRefused(error: unknown, fields: ReloadFields): void {
    const problems = error instanceof ConfigError ? error.problems : [messageOf(error)];
    this.#refusedFiles = error instanceof UnresolvedConfigError ? error.files : [];
    // A signal may come before the watch sees the change of the file.
    if (fields.why === FILE_CHANGE && isDeepStrictEqual(problems, this.#refused)) return;
    this.#refused = problems;
    for (const problem of problems)
      this.#log.error(fields, `the configuration was refused, the one before runs on: ${problem}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
