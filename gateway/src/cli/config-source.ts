// Where `serve` gets its configuration from: a file, or options.
import { type Resolution, resolveConfig } from '../config/resolve-config.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { type SharedConfig, sharedConfig } from '../workers/shared-config.ts';
import { plainConfig } from './plain-config.ts';
import { checkServeOptions, configOf, type ServeOptions, withOverrides } from './serve-options.ts';

/** A configuration that was read and checked. */
export interface UsableConfig {
  readonly config: SharedConfig;
  /** The host names of each certificate of each listener. */
  readonly names: readonly (readonly string[])[];
  readonly warnings: readonly string[];
  /** Files that the configuration names. */
  readonly files: readonly string[];
}

/** Where a configuration comes from. */
export interface ConfigSource {
  /** The file; `undefined` for a configuration that is made of options. */
  readonly file: string | undefined;
  /** @throws ConfigError with one line for each mistake */
  read(): Promise<UsableConfig>;
}

/** A configuration file as the source. @param options - that override it */
export function fileSource(file: string, options?: ServeOptions): ConfigSource {
  return {
    file,
    async read() {
      const { loadConfigFile, readConfig, resolveInput } = await schema();
      const { input, ...sources } = loadConfigFile(file);
      if (input === null) throw new ConfigError([`${file} must have listeners and pools, got nothing`]);
      const override = (config: GatewayConfig) =>
        options === undefined ? config : readConfig(withOverrides(config, options));
      return usable(resolveInput(input, { ...sources, override }));
    },
  };
}

/**
 * The source of the configuration of `serve`.
 * @throws UsageError if options are missing or exclude each other
 */
export function serveSource(options: ServeOptions): ConfigSource {
  checkServeOptions(options);
  if (options.config !== undefined) return fileSource(options.config, options);
  return {
    file: undefined,
    async read() {
      const plain = plainConfig(options);
      const sources = { baseDir: process.cwd() };
      if (plain !== undefined) return usable(resolveConfig(plain, sources));
      const { resolveInput } = await schema();
      try {
        return usable(resolveInput(withOverrides(configOf(options), options), sources));
      } catch (error) {
        throw error instanceof ConfigError ? inOptions(error) : error;
      }
    },
  };
}

/** It costs more memory than all else: it is loaded where something has to be checked. */
async function schema() {
  return {
    ...(await import('../config/config-file.ts')),
    ...(await import('../config/read-config.ts')),
    ...(await import('../config/resolve-input.ts')),
  };
}

function usable({ config: resolved, warnings, files }: Resolution): UsableConfig {
  const names = resolved.listeners.map(({ tls }) => tls?.certificates.flatMap((one) => one.names) ?? []);
  return { config: sharedConfig(resolved), names, warnings, files };
}

const OPTION_OF: readonly (readonly [RegExp, string])[] = [
  [/^pools\.default\.backends\[\d+\](\.url)?/, '--backend'],
  [/^pools\.default\.strategy/, '--strategy'],
  [/^pools\.default\.health\.request\.path/, '--health'],
  [/^listeners\[0\]\.host/, '--host'],
  [/^listeners\[0\]\.tls\.certificates\[0\]\.cert/, '--tls-cert'],
  [/^listeners\[0\]\.tls\.certificates\[0\]\.key/, '--tls-key'],
  [/^admin\.port/, '--admin-port'],
];

/** What a setting is held against. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/ than pools\.default\.backends\[\d+\]/, ' than those before'],
  [/ than that of listeners\[0\]/, ' than --port'],
];

/** Messages name the option instead of the setting: without a file the user wrote no setting. */
function inOptions({ problems }: ConfigError): ConfigError {
  const named = problems.map((problem) => {
    const [path, option] = OPTION_OF.find(([known]) => known.test(problem)) ?? [];
    const own = path === undefined || option === undefined ? problem : problem.replace(path, option);
    return OTHERS.reduce((text, [known, other]) => text.replace(known, other), own);
  });
  return new ConfigError(named);
}
