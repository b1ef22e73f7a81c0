// Measures processor time.

import { Bench, type FnOptions } from 'tinybench';

/** A task to time. */
export interface Task {
  /** The timed work. It returns a result so that the compiler cannot eliminate the work. */
  readonly run: () => unknown;
  /** Runs before each timed run, untimed. */
  readonly before?: () => void;
}

/** The settings of a measurement. */
export interface Timing {
  readonly timeMs: number;
  /** The least number of runs; half as many warm up before. */
  readonly minRuns: number;
}

/** Median milliseconds of the processor for a run of each task, in the order in which they are listed. */
export function medianMs(
  tasks: Readonly<Record<string, Task>>,
  { timeMs, minRuns }: Timing,
): Record<string, number> {
  const bench = new Bench({
    time: timeMs,
    iterations: minRuns,
    warmupTime: timeMs / 3,
    warmupIterations: Math.ceil(minRuns / 2),
    throws: true,
    now: cpuMs,
  });
  for (const [name, { run, before }] of Object.entries(tasks)) bench.add(name, run, hooks(before));
  bench.runSync();
  return Object.fromEntries(
    bench.tasks.map(({ name, result }) => {
      if (!('latency' in result)) throw new Error(`${name} was not timed: ${result.state}`);
      return [name, result.latency.p50];
    }),
  );
}

/** Median nanoseconds of the processor a key, of tasks that each go through `keys` keys. */
export function medianNsPerKey(
  tasks: Readonly<Record<string, () => unknown>>,
  keys: number,
  timeMs: number,
): Record<string, number> {
  const runs = Object.entries(tasks).map(([name, run]) => [name, { run }] as const);
  const medians = medianMs(Object.fromEntries(runs), { timeMs, minRuns: 3 });
  return Object.fromEntries(Object.entries(medians).map(([name, ms]) => [name, (ms * 1e6) / keys]));
}

/**
 * The processor time of this process, in milliseconds with a resolution of a microsecond. On a busy machine
 * the wall clock would include the time of other processes. Garbage collection counts, in all threads.
 */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function hooks(before: (() => void) | undefined): FnOptions {
  return before === undefined ? { async: false } : { async: false, beforeEach: () => before() };
}
