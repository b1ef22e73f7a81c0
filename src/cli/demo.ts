import { exitCode } from './exit-code.ts';
import type { Io } from './io.ts';

/**
 * Runs the demonstration until it is stopped.
 * @returns the exit code
 */
export async function demo(io: Io): Promise<number> {
  io.stderr.write('evenkeel: the demonstration is not there yet\n');
  return exitCode.failed;
}
