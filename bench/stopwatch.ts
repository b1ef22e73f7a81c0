import { Bench, type FnOptions } from 'tinybench';

/** Something to time. */
export interface Task {
  /** What is timed. Its result is returned so that the compiler cannot leave the work out. */
  readonly run: () => unknown;
  /** Runs before each timed run, untimed. */
  readonly before?: () => void;
}

/** How to time. */
export interface Timing {
  readonly timeMs: number;
  /** Runs at the least, and half as many for warming up. */
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
 * The time that this process has had the processor, in milliseconds and to the microsecond: on a busy machine
 * the wall clock also counts how long others had it. Collecting garbage counts, whichever thread does it.
 */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function hooks(before: (() => void) | undefined): FnOptions {
  return before === undefined ? { async: false } : { async: false, beforeEach: () => before() };
}
