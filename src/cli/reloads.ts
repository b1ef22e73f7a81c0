import { isDeepStrictEqual } from 'node:util';
import type { Gateway, GatewayLog } from '../gateway/contracts.ts';
import { ConfigError } from '../gateway/errors.ts';
import { Turns } from '../gateway/workers/turns.ts';
import { configChanges } from './config-changes.ts';
import type { ConfigSource, UsableConfig } from './config-source.ts';

/** Reads the configuration again, and gives it to the gateway where it is right. */
export class Reloads {
  readonly #source: ConfigSource;
  readonly #gateway: Pick<Gateway, 'reload'>;
  readonly #log: GatewayLog;
  readonly #turns = new Turns();
  #current: UsableConfig;

  /** @param current - what the gateway runs with */
  constructor(
    source: ConfigSource,
    current: UsableConfig,
    gateway: Pick<Gateway, 'reload'>,
    log: GatewayLog,
  ) {
    this.#source = source;
    this.#current = current;
    this.#gateway = gateway;
    this.#log = log;
  }

  /** The files that belong to the configuration beside its own. */
  get files(): readonly string[] {
    return this.#current.files;
  }

  /**
   * Never rejects: a configuration that is wrong is told line by line, and the one before it runs on.
   * @param why - what made it necessary, for the log
   */
  reload(why: string): Promise<void> {
    return this.#turns.take(() => this.#reload(why));
  }

  async #reload(why: string): Promise<void> {
    const { file } = this.#source;
    if (file === undefined) {
      this.#log.warn({ why }, 'there is no configuration file to read again');
      return;
    }
    try {
      const next = this.#source.read();
      const changes = configChanges(this.#current.config, next.config);
      if (isDeepStrictEqual(this.#current.config, next.config)) {
        this.#log.info({ why, file }, 'the configuration is the same as before');
        return;
      }
      await this.#gateway.reload(next.config);
      this.#current = next;
      this.#log.info({ why, file, changes }, `the configuration has changed: ${changes.join(', ')}`);
      for (const warning of next.warnings) this.#log.warn({ file }, warning);
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems : [(error as Error).message];
      for (const problem of problems)
        this.#log.error({ why, file }, `the configuration was refused, the one before runs on: ${problem}`);
    }
  }
}
