import { type Command, CommanderError } from 'commander';
import { ConfigError } from '../errors.ts';
import { exitCode, UsageError } from './exit-code.ts';
import type { Io } from './io.ts';
import { program } from './program.ts';

/**
 * Runs one command line. Errors go to standard error, one line each.
 * @param args - without the program's own name
 * @returns the exit code
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let code: number = exitCode.fine;
  try {
    const root = program(
      io,
      (ended) => {
        code = ended;
      },
      args,
    );
    await root.parseAsync(withoutHelp(args, root), { from: 'user' });
    return code;
  } catch (error) {
    return tell(error, io);
  }
}

/** Where help on a command is asked for that there is not: that command alone, which is refused by name. */
function withoutHelp(args: readonly string[], { commands }: Command): readonly string[] {
  const [first, second] = args;
  const asksForHelp = args.includes('--help') || args.includes('-h');
  const command = first === 'help' ? second : asksForHelp ? first : undefined;
  if (command === undefined || command.startsWith('-')) return args;
  return commands.some((one) => one.name() === command) ? args : [command];
}

function tell(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return tellUsage(error, io);
  const lines = error instanceof ConfigError ? error.problems : [messageOf(error)];
  for (const line of lines) io.stderr.write(`evenkeel: ${line}\n`);
  return error instanceof ConfigError || error instanceof UsageError ? exitCode.wrong : exitCode.failed;
}

function tellUsage({ code, message, exitCode: status }: CommanderError, io: Io): number {
  // commander has printed help or version.
  if (status === 0) return exitCode.fine;
  if (code === 'commander.help') return exitCode.wrong;
  const line = message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/, ' (did you mean $1?)');
  io.stderr.write(
    `evenkeel: ${line.replace(/\.?\s*$/, '').replace(/\s+/g, ' ')}; --help lists what there is\n`,
  );
  return exitCode.wrong;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
