// A configuration in all its stages: variables, schema, secrets and PEM files. Mistakes of all stages are
// told in one round, so that none has to be mended to see the next.
import { ConfigError } from '../errors.ts';
import { limited } from './problem-limit.ts';
import { readConfig } from './read-config.ts';
import {
  type Resolution,
  type ResolveOptions,
  resolveConfig,
  UnresolvedConfigError,
} from './resolve-config.ts';
import type { GatewayConfig } from './schema.ts';
import { shownPath } from './shown-value.ts';
import { sourceProblems } from './source-problems.ts';
import type { UnsetVariable } from './variables.ts';

/** How to read a configuration. */
export interface InputOptions extends ResolveOptions {
  /** Variables of a file that are missing. @defaultValue none */
  readonly unset?: readonly UnsetVariable[];
  /** Changes a configuration that is right before its secrets are read. */
  readonly override?: (config: GatewayConfig) => GatewayConfig;
}

/** A configuration as it was written, with every default, and what came of it. */
export interface ResolvedInput extends Resolution {
  readonly written: GatewayConfig;
}

/**
 * Checks a configuration, fills in every default, and reads secrets and PEM files.
 * @throws ConfigError with one line for each mistake
 */
export function resolveInput(
  input: unknown,
  { unset = [], override = (config) => config, ...sources }: InputOptions,
): ResolvedInput {
  const problems = unset.map(({ problem }) => problem);
  const places = unset.map(({ path }) => shownPath(path));
  // What is said of a value that is not there yet follows from that.
  const add = (found: readonly string[]) => {
    const own = found.filter((line) => !places.some((place) => line.startsWith(`${place} `)));
    problems.push(...own.filter((line) => !problems.includes(line)));
  };
  try {
    const written = override(readConfig(input));
    const resolution = resolveConfig(written, sources);
    if (problems.length === 0) return { ...resolution, written };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    add(error.problems);
  }
  const found = sourceProblems(input, sources);
  add(found.problems);
  throw new UnresolvedConfigError(limited(problems), found.files);
}
