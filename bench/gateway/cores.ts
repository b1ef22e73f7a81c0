import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileOf } from './commands.ts';

/** Below this, two workers and the load would share cores. */
export const CORES_FOR_TWO_WORKERS = 4;

/** Which processors what runs on. */
export interface Cores {
  /** The one of every proxy. */
  readonly proxy: readonly number[];
  /** The two of two workers; `undefined` where there are too few. */
  readonly workers: readonly number[] | undefined;
  /** Those of the load, the origins and this process: never one of the others. */
  readonly load: readonly number[];
}

/**
 * Divides the processors that this process may use.
 * @throws Error where there is nothing to divide, or nothing to divide it with
 */
export function divideCores(): Cores {
  const allowed = allowedCores();
  if (allowed.length < 2)
    throw new Error('a proxy and its load need a processor each, and there is only one');
  const areMany = allowed.length >= CORES_FOR_TWO_WORKERS;
  // The last ones, as interrupts like to come to the first.
  return {
    proxy: allowed.slice(-1),
    workers: areMany ? allowed.slice(-2) : undefined,
    load: allowed.slice(0, areMany ? -2 : -1),
  };
}

/** Leaves the processors that are not listed to others, with every thread of this process. */
export function moveTo(cores: readonly number[]): void {
  execFileSync(taskset(), ['-a', '-c', '-p', cores.join(','), String(process.pid)], { stdio: 'ignore' });
}

/** A command line that runs another one on the given processors alone; the process keeps its id. */
export function pinned(cores: readonly number[], file: string, args: readonly string[]): [string, string[]] {
  return [taskset(), ['-c', cores.join(','), file, ...args]];
}

function taskset(): string {
  const file = fileOf('taskset');
  if (file === undefined) throw new Error('this needs taskset (util-linux)');
  return file;
}

function allowedCores(): number[] {
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    throw new Error('this needs Linux with /proc');
  }
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
