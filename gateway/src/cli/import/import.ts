// The command `import`.
import { readConfig } from '../../config/read-config.ts';
import { readTextFile } from '../../config/text-file.ts';
import { ConfigError } from '../../errors.ts';
import { yaml } from '../../lazy-packages.ts';
import { exitCode, UsageError } from '../exit-code.ts';
import type { Io } from '../io.ts';
import type { Draft } from './draft.ts';
import { readHaproxy } from './haproxy.ts';
import { readNginx } from './nginx.ts';

/** The options of `import`. */
export interface ImportOptions {
  readonly from?: 'nginx' | 'haproxy';
}

const LIMIT_BYTES = 4_194_304;

/**
 * Prints a configuration of nginx or HAProxy as one of the gateway, and on standard error each line that it
 * could not take over, or not as it was.
 * @returns the exit code
 * @throws UsageError or ConfigError if nothing could be taken over
 */
export function importCommand(file: string, { from }: ImportOptions, io: Io): number {
  const text = textOf(file);
  const kind = from ?? kindOf(text, file);
  const draft = kind === 'nginx' ? readNginx(text, file) : readHaproxy(text, file);
  const config = draft.config();
  const hasBackend = Object.values(config.pools).some(({ backends }) => backends.length > 0);
  if (!hasBackend)
    throw new ConfigError([
      `${file} must have ${kind === 'nginx' ? 'an upstream or a proxy_pass' : 'a backend'} with a server, got none`,
    ]);
  tell(draft, file, io);
  for (const problem of problemsOf(config)) io.stderr.write(`evenkeel: to be mended: ${problem}\n`);
  io.stdout.write(`# Imported from ${file}.\n${yaml().stringify(config, { aliasDuplicateObjects: false })}`);
  return exitCode.fine;
}

function textOf(file: string): string {
  try {
    return readTextFile(file, LIMIT_BYTES);
  } catch (error) {
    throw new UsageError(`${file} ${(error as Error).message}`);
  }
}

function kindOf(text: string, file: string): 'nginx' | 'haproxy' {
  if (/^(global|defaults|frontend|backend|listen)\b[^{;]*$/m.test(text)) return 'haproxy';
  if (/[{;}]/.test(text)) return 'nginx';
  throw new UsageError(`${file} must be a configuration of nginx or HAProxy; --from says which`);
}

function tell({ notes }: Draft, file: string, io: Io): void {
  for (const { line, text } of [...notes].sort((a, b) => a.line - b.line))
    io.stderr.write(`evenkeel: ${file}:${line}: ${text}\n`);
}

/** What the gateway would say of the configuration. */
function problemsOf(config: object): readonly string[] {
  try {
    readConfig(config);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [(error as Error).message];
  }
}
