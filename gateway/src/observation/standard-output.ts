// Standard output as the destination of log lines.
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { LogPipe, type LogPipeListener } from './log-pipe.ts';

const STDOUT = 1;

/**
 * A non-blocking descriptor for standard output. A pipe or a terminal is opened once more: the flag of the
 * inherited descriptor is shared by every process that has it. If that is impossible (a socket, another
 * owner's pipe), writing may wait.
 */
function openStdout(): number {
  try {
    if (!isatty(STDOUT) && !fstatSync(STDOUT).isFIFO()) return STDOUT;
    return openSync('/dev/stdout', constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch {
    return STDOUT;
  }
}

/**
 * Whether to use colours: `NO_COLOR`, `FORCE_COLOR` and `TERM` decide.
 * @see https://no-color.org
 */
export function wantsColors(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = env;
  if (NO_COLOR !== '') return false;
  return FORCE_COLOR === '' ? isTerminal && TERM !== 'dumb' : FORCE_COLOR !== '0';
}

/** Standard output that never waits for its reader; waiting lines are written when the process exits. */
export function standardOutput(listener: LogPipeListener) {
  const descriptor = openStdout();
  const pipe = new LogPipe((chunk) => writeSync(descriptor, chunk), listener);
  process.once('exit', () => pipe.flush());
  const isTerminal = isatty(STDOUT);
  const write = (line: string) => pipe.write(line);
  return { write, isTerminal, hasColors: wantsColors(isTerminal, process.env) };
}
