// How one figure of several workers becomes one: the rules that tables of figures name.
import type { BackendState } from 'evenkeel';
import { type LatencyStats, mergeLatency } from './latency-histogram.ts';

/** The values of one figure, one of each worker. */
export interface WorkerValues<Value> {
  readonly running: readonly Value[];
  /**
   * Those of running workers, then those of workers that have ended: totals count both, and never go back.
   */
  readonly all: readonly Value[];
}

/** A rule that makes one value of several. */
export interface Merge<Value> {
  /** The rule in words, for the page of figures. */
  readonly words: string;
  readonly fold: (values: WorkerValues<Value>) => Value;
}

/** The first worker's: all have the same. */
export const FIRST = {
  words: 'first',
  fold: <Value>({ running, all }: WorkerValues<Value>) => (running[0] ?? all[0]) as Value,
};

/** The first that is not `undefined`. */
export const FIRST_KNOWN = {
  words: 'first that has one',
  fold: <Value>({ running }: WorkerValues<Value>) => running.find((value) => value !== undefined) as Value,
};

/** All different ones: workers that disagree are to be seen. */
export const DISTINCT: Merge<string> = {
  words: 'all different ones',
  fold: ({ running }) => [...new Set(running)].join(', '),
};

/** True if it is true for at least one worker. */
export const ANY: Merge<boolean> = {
  words: 'true for at least one',
  fold: ({ running }) => running.includes(true),
};

/** True if it is true for every worker. */
export const ALL: Merge<boolean> = {
  words: 'true for all',
  fold: ({ running }) => running.every(Boolean),
};

/** What is so now, added up. */
export const SUM: Merge<number> = { words: 'sum', fold: ({ running }) => sum(running) };

/** What has been so far, added up. */
export const TOTAL: Merge<number> = { words: 'sum, with ended workers', fold: ({ all }) => sum(all) };

/** The largest of what is so now. */
export const LARGEST_NOW = {
  words: 'largest',
  fold: <Value extends number | undefined>({ running }: WorkerValues<Value>) => largest(running) as Value,
};

/** The largest that there ever was. */
export const LARGEST = {
  words: 'largest, with ended workers',
  fold: <Value extends number | undefined>({ all }: WorkerValues<Value>) => largest(all) as Value,
};

/** Counts of what has been so far, added up word by word. */
export const TOTAL_COUNTS = {
  words: TOTAL.words,
  fold: <Words extends string>({ all }: WorkerValues<Readonly<Record<Words, number>>>) => sumCounts(all),
};

/** All latencies that were recorded. */
export const TOTAL_LATENCY: Merge<LatencyStats> = {
  words: TOTAL.words,
  fold: ({ all }) => mergeLatency(all),
};

const BY_SEVERITY: readonly BackendState[] = ['up', 'barred', 'down', 'draining'];

/** The least severe state: a backend is up if one worker sees it up. */
export const LEAST_SEVERE: Merge<BackendState> = {
  words: `least severe of ${BY_SEVERITY.join(', ')}`,
  fold: ({ running }) => BY_SEVERITY.find((state) => running.includes(state)) ?? 'down',
};

/** The sum; 0 for none. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** @returns the largest number; `undefined` if all are */
export function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Adds counts up by their words. A `Map` in between, since a word may be `__proto__`. */
export function sumCounts<Words extends string>(
  all: readonly Readonly<Record<Words, number>>[],
): Readonly<Record<Words, number>> {
  const sums = new Map<string, number>();
  for (const counts of all) {
    for (const [word, count] of Object.entries<number>(counts)) sums.set(word, (sums.get(word) ?? 0) + count);
  }
  return Object.fromEntries(sums) as Record<Words, number>;
}
