// The command `check`.
import { createGateway } from '../gateway.ts';
import { fileSource } from './config-source.ts';
import { configSummary } from './config-summary.ts';
import { configWarnings } from './config-warnings.ts';
import { exitCode } from './exit-code.ts';
import type { Io } from './io.ts';

/** The options of `check`. */
export interface CheckOptions {
  readonly config: string;
}

/**
 * Prints a summary of a configuration file.
 * @returns the exit code
 * @throws ConfigError with one line for each mistake
 */
export async function check({ config: file }: CheckOptions, io: Io): Promise<number> {
  const usable = await fileSource(file).read();
  // Building the gateway finds the remaining mistakes; it opens nothing.
  createGateway({ ...usable.config, workers: 1 });
  const warnings = [...usable.warnings, ...configWarnings(usable.config)];
  io.stdout.write(`${file} can be used.\n\n${configSummary(usable)}`);
  if (warnings.length > 0) io.stdout.write('\n');
  for (const warning of warnings) io.stdout.write(`warning: ${warning}\n`);
  return exitCode.fine;
}
