// What the commands of this folder do alike: read the command line, show the usage text and the progress,
// exit with a code.

/** One command. Its options are read before it runs. */
export interface Command<Options extends { readonly help: boolean }> {
  /** Stands before each error message. */
  readonly name: string;
  readonly usage: string;
  /** @throws Error with a message of one line if the command line is invalid */
  readOptions(args: readonly string[]): Options;
  /** @returns the exit code */
  run(options: Options): Promise<number>;
}

/** Runs a command. @returns 0 or what it returned; 1 if it failed; 2 for a wrong command line */
export async function runCommand<Options extends { readonly help: boolean }>(
  { name, usage, readOptions, run }: Command<Options>,
  args: readonly string[] = process.argv.slice(2),
): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${name}: ${messageOf(error)}; see --help`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  try {
    return await run(options);
  } catch (error) {
    console.error(`${name}: ${messageOf(error)}`);
    return 1;
  }
}

/** Ends a command that has no options where it is given one: nothing of it was meant so. */
export function refuseOptions(name: string, about: string): void {
  const [first] = process.argv.slice(2);
  if (first === undefined) return;
  const isHelp = first === '--help' || first === '-h';
  if (isHelp) console.log(`npm run ${name}\n\n${about}`);
  else console.error(`${name}: it has no options, got ${first}`);
  process.exit(isHelp ? 0 : 2);
}

/** The message of an error, or the thrown value as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Shows the progress on a terminal, on one line that is overwritten. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\x1b[2K${text}`);
}
