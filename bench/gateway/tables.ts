// The tables of medians in the report.

import { formatCount } from '../text.ts';
import type { Samples } from './samples.ts';
import { MEMORY, type MemoryScenario } from './schedule.ts';

const MEBIBYTE = 1_048_576;

/** A table of medians, with a line for each contender. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly lines: readonly { readonly name: string; readonly cells: readonly string[] }[];
}

/** A column: its title, the name of the number in the samples, and its format. */
type Column = readonly [title: string, name: string, format: (value: number) => string];

const ms = (value: number) => value.toFixed(2);
const megabytes = (value: number) => (value / MEBIBYTE).toFixed(0);
const percent = (value: number) => `${(100 * value).toFixed(0)} %`;

const CPU: Column = ['CPU us', 'cpuUs', (value) => value.toFixed(1)];

const SATURATION: readonly Column[] = [
  ['requests/s', 'requestsPerSecond', (value) => formatCount(Math.round(value))],
  CPU,
  ['core busy', 'busy', percent],
  ['p50 ms', 'p50Ms', ms],
  ['p99 ms', 'p99Ms', ms],
  ['RSS MB', 'rssBytes', megabytes],
];

const RATE: readonly Column[] = [
  ['mean ms', 'meanMs', ms],
  ['p50 ms', 'p50Ms', ms],
  ['p99 ms', 'p99Ms', ms],
  ['added ms', 'addedMs', (value) => value.toFixed(3)],
  CPU,
];

const MEMORY_MB: readonly Column[] = [
  ['at start', 'startBytes', megabytes],
  ['64 connections', 'busyBytes', megabytes],
  ['slow, peak', 'slowPeakBytes', megabytes],
  ['64 after', 'afterBytes', megabytes],
  ['stalled, peak', 'stalledPeakBytes', megabytes],
];

/** The throughput in one scenario. */
export function saturationTable(samples: Samples, scenario: string): Table {
  return tableOf(samples, scenario, scenario, SATURATION);
}

/** RSS in MB, of processes that were started for this measurement. */
export function memoryTable(samples: Samples, { slowClients, stalledClients }: MemoryScenario): Table {
  const title = `Memory, MB: ${formatCount(slowClients)} slow clients of 1 MB, ${stalledClients} stalled ones of 16 MB`;
  return tableOf(samples, MEMORY, title, MEMORY_MB);
}

/** Latencies at a fixed rate, and the latency that each proxy adds to direct requests to the origins. */
export function rateTable(samples: Samples, scenario: string): Table {
  return tableOf(samples, scenario, `${scenario}, arriving by chance`, RATE);
}

function tableOf(samples: Samples, scenario: string, title: string, columns: readonly Column[]): Table {
  const lines = samples.contendersIn(scenario).map((contender) => {
    const failures = samples.failuresOf(scenario, contender);
    if (failures > 0) return { name: contender, cells: [`void: ${formatCount(failures)} errors`] };
    const cells = columns.map(([, name, format]) => {
      const value = samples.median({ scenario, contender, name });
      return value === undefined ? '' : format(value);
    });
    return { name: contender, cells: [...cells, '0'] };
  });
  return { title, columns: [...columns.map(([name]) => name), 'errors'], lines };
}
