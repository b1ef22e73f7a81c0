// The tables of medians in the report.

import type { Quantity, Results } from './results.ts';
import { SIZES } from './schedule.ts';

/** One line of medians, one for each number of backends. */
export interface MedianRow {
  readonly what: string;
  readonly cells: readonly { readonly n: number; readonly value: number }[];
}

/** Median nanoseconds a key. */
export function lookUpNs(results: Results): MedianRow[] {
  return [
    medianRow(results, 'hash of the key alone', ['evenkeel-pick', 'hash'], SIZES),
    medianRow(results, 'evenkeel, pick', ['evenkeel-pick', 'pick'], SIZES),
    medianRow(results, 'evenkeel, acquire + release, new keys', ['evenkeel-new-keys', 'lease'], SIZES),
    medianRow(results, 'evenkeel, acquire + release, known keys', ['evenkeel-known-keys', 'lease'], SIZES),
    medianRow(results, 'consistent-hash 1.2, 160 points', ['consistent-hash-get', 'get'], SIZES),
    medianRow(
      results,
      'consistent-hash 1.2, its default of 40',
      ['consistent-hash-get', 'get of 40 points'],
      SIZES,
    ),
    medianRow(results, 'hashring 3.2, cache missed', ['hashring-get', 'get'], SIZES),
  ];
}

/** Median milliseconds a change. */
export function changeMs(results: Results): MedianRow[] {
  const sizes = [100, 1_000];
  return [
    medianRow(results, 'build: evenkeel, ring', ['evenkeel-change', 'build'], sizes),
    medianRow(results, 'build: evenkeel, whole balancer', ['evenkeel-change', 'balancer build'], sizes),
    medianRow(results, 'build: hashring 3.2', ['hashring-change', 'build'], sizes),
    medianRow(results, 'add one: evenkeel, ring', ['evenkeel-change', 'add'], sizes),
    medianRow(results, 'add one: evenkeel, whole balancer', ['evenkeel-change', 'balancer add'], sizes),
    medianRow(results, 'add one: hashring 3.2', ['hashring-change', 'add'], sizes),
    medianRow(results, 'remove one: evenkeel, ring', ['evenkeel-change', 'remove'], sizes),
    medianRow(results, 'remove one: evenkeel, whole balancer', ['evenkeel-change', 'balancer remove'], sizes),
    medianRow(results, 'remove one: hashring 3.2', ['hashring-change', 'remove'], sizes),
  ];
}

/** Kilobytes of a ring. */
export function memoryKb(results: Results): MedianRow[] {
  const kilobytes = (what: string, quantity: Quantity): MedianRow => ({
    what,
    cells: [{ n: 1_000, value: results.median(quantity, 1_000) / 1_000 }],
  });
  return [
    kilobytes('memory: evenkeel', ['evenkeel-memory', 'bytes']),
    kilobytes('memory: hashring 3.2', ['hashring-memory', 'bytes']),
  ];
}

function medianRow(results: Results, what: string, quantity: Quantity, sizes: readonly number[]): MedianRow {
  return { what, cells: sizes.map((n) => ({ n, value: results.median(quantity, n) })) };
}
