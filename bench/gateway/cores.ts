// Assigns processes to processors.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileOf } from './commands.ts';

/** With fewer, two workers and the load would share cores. */
export const CORES_FOR_TWO_WORKERS = 4;

/** The assignment of processors. */
export interface Cores {
  /** The processor of the proxies. */
  readonly proxy: readonly number[];
  /** The processors of two workers; `undefined` if there are too few. */
  readonly workers: readonly number[] | undefined;
  /** The processors of the load, the origins and this process. Disjoint from the others. */
  readonly load: readonly number[];
}

/**
 * Divides the processors that this process may use.
 * @throws Error if there is only one processor, or no means to assign processes to them
 */
export function divideCores(): Cores {
  const allowed = allowedCores();
  if (allowed.length < 2) throw new Error('the benchmark needs at least two processors, got one');
  const areMany = allowed.length >= CORES_FOR_TWO_WORKERS;
  // The last ones, as interrupts mostly go to the first.
  return {
    proxy: allowed.slice(-1),
    workers: areMany ? allowed.slice(-2) : undefined,
    load: allowed.slice(0, areMany ? -2 : -1),
  };
}

/** Restricts all threads of this process to the listed processors. */
export function moveTo(cores: readonly number[]): void {
  execFileSync(taskset(), ['-a', '-c', '-p', cores.join(','), String(process.pid)], { stdio: 'ignore' });
}

/** A command line that runs another one on the given processors only. The process keeps its id. */
export function pinned(cores: readonly number[], file: string, args: readonly string[]): [string, string[]] {
  return [taskset(), ['-c', cores.join(','), file, ...args]];
}

function taskset(): string {
  const file = fileOf('taskset');
  if (file === undefined) throw new Error('the benchmark needs taskset (util-linux), which is not installed');
  return file;
}

function allowedCores(): number[] {
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    throw new Error('the benchmark needs Linux with /proc');
  }
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
