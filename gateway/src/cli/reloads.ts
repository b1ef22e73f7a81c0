import { isDeepStrictEqual } from 'node:util';
import { UnresolvedConfigError } from '../config/resolve-config.ts';
import type { GatewayLog } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { SerialQueue } from '../workers/serial-queue.ts';
import type { SharedConfig } from '../workers/shared-config.ts';
import { configChanges } from './config-changes.ts';
import type { ConfigSource, UsableConfig } from './config-source.ts';

/** Why a configuration is read again that nobody asked for. */
export const FILE_CHANGE = 'file change';

/** What the log says with each line. */
interface ReloadFields {
  readonly why: string;
  readonly file: string | undefined;
}

/** Takes another configuration, all of it or nothing. */
interface Reloadable {
  reload(config: SharedConfig): Promise<void>;
}

/** Reads the configuration again, and gives it to the gateway where it is right. */
export class Reloads {
  readonly #source: ConfigSource;
  readonly #gateway: Reloadable;
  readonly #log: GatewayLog;
  readonly #queue = new SerialQueue();
  #current: UsableConfig;
  /** What was wrong with the last one that was refused, and the files that it names. */
  #refused: readonly string[] = [];
  #refusedFiles: readonly string[] = [];

  /** @param current - what the gateway runs with */
  constructor(source: ConfigSource, current: UsableConfig, gateway: Reloadable, log: GatewayLog) {
    this.#source = source;
    this.#current = current;
    this.#gateway = gateway;
    this.#log = log;
  }

  /** The files that belong to the configuration beside its own, and those of one that was refused: they may come later. */
  get files(): readonly string[] {
    return [...new Set([...this.#current.files, ...this.#refusedFiles])];
  }

  /** Does what must be done before anything is read again: what is asked for meanwhile waits. @throws what it throws */
  start<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(work);
  }

  /**
   * Never rejects: a configuration that is wrong is told line by line, and the one before it runs on.
   * @param why - what made it necessary, for the log
   */
  reload(why: string): Promise<void> {
    return this.#queue.run(() => this.#reload(why));
  }

  async #reload(why: string): Promise<void> {
    const fields = { why, file: this.#source.file };
    try {
      await this.#take(this.#source.read(), fields);
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
      // It may have the same from other files.
      this.#current = next;
      return;
    }
    const changes = configChanges(this.#current.config, next.config);
    await this.#gateway.reload(next.config);
    this.#current = next;
    this.#log.info({ ...fields, changes }, `the configuration has changed: ${changes.join(', ')}`);
  }

  #tellRefused(error: unknown, fields: ReloadFields): void {
    const problems = error instanceof ConfigError ? error.problems : [messageOf(error)];
    this.#refusedFiles = error instanceof UnresolvedConfigError ? error.files : [];
    // A signal may come before the change of the file is seen.
    if (fields.why === FILE_CHANGE && isDeepStrictEqual(problems, this.#refused)) return;
    this.#refused = problems;
    for (const problem of problems)
      this.#log.error(fields, `the configuration was refused, the one before runs on: ${problem}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
