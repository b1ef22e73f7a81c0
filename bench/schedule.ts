// The jobs of the benchmark and their order.

import type { Job, MeasureName } from './job.ts';

/** Numbers of backends for timed jobs. */
export const SIZES = [4, 100, 1_000] as const;
/** Numbers of backends for how even the load is: with 1,000 there are only 100 keys for each. */
export const EVENNESS_SIZES = [4, 10, 100] as const;
/**
 * Counting jobs run in several processes: each lists the pool in another order, and V8, which compiles
 * concurrently, does not always produce the same code.
 */
const ORDERS = [0, 1, 2] as const;

const LOOK_UPS: readonly MeasureName[] = [
  'evenkeel-pick',
  'hashring-get',
  'consistent-hash-get',
  'evenkeel-new-keys',
  'evenkeel-known-keys',
  'evenkeel-guarded',
  'evenkeel-followed',
];
const CHANGES: readonly MeasureName[] = ['evenkeel-change', 'hashring-change'];
const MEMORY: readonly MeasureName[] = ['evenkeel-memory', 'hashring-memory'];

/** Jobs that count and do not time: they need no rounds. */
export function countingJobs(timeMs: number): Job[] {
  return [
    ...SIZES.flatMap((n) => ORDERS.map((shuffle): Job => ({ measure: 'movement', n, timeMs, shuffle }))),
    ...jobs(['evenness'], EVENNESS_SIZES, timeMs),
    ...ORDERS.flatMap(() => jobs(['evenkeel-garbage'], SIZES, timeMs)),
  ];
}

/**
 * Jobs of one round. Jobs that are compared run one after the other, so that other load of the machine
 * affects both sides of a ratio.
 */
export function timingJobs(timeMs: number): Job[] {
  return [
    ...jobs(LOOK_UPS, SIZES, timeMs),
    ...jobs(CHANGES, [100, 1_000], timeMs),
    ...jobs(MEMORY, [1_000], timeMs),
  ];
}

function jobs(measures: readonly MeasureName[], sizes: readonly number[], timeMs: number): Job[] {
  return sizes.flatMap((n) => measures.map((measure) => ({ measure, n, timeMs })));
}
