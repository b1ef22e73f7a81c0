// The report of the gateway benchmark as text.

import type { MachineFacts } from '../machine.ts';
import { formatCount, type Style } from '../text.ts';
import type { Measured } from './bench.ts';
import type { Cores } from './cores.ts';
import { CONNECTIONS } from './load/load.ts';
import { MEMORY, type Schedule, TWO_WORKERS } from './schedule.ts';
import { memoryTable, rateTable, saturationTable, type Table } from './tables.ts';
import { type TargetRow, targetRows } from './targets.ts';

const NAME_WIDTH = 28;
const CELL_WIDTH = 15;
const WHAT_WIDTH = 56;
const VALUE_WIDTH = 40;
const TARGET_WIDTH = 14;
/** Above this load average, other processes used the processors, too. */
const QUIET_LOAD = 1;

/** The machine and the settings of the measurements. */
export interface Circumstances {
  readonly machine: MachineFacts;
  readonly cores: Cores;
  readonly schedule: Schedule;
  /** The load average of the minute before. */
  readonly loadBefore: number;
}

/** The report as text: contenders, medians, and each target with its verdict. */
export function report(measured: Measured, circumstances: Circumstances, style: Style): string {
  const { samples } = measured;
  const { saturation, rates, memory } = circumstances.schedule;
  const tables = [
    ...saturation.map(({ name }) => saturationTable(samples, name)),
    ...rates.map(({ name }) => rateTable(samples, name)),
    ...(memory === undefined ? [] : [memoryTable(samples, memory)]),
    saturationTable(samples, TWO_WORKERS),
  ].filter(({ lines }) => lines.length > 0);
  const rows = targetRows(samples);
  return [
    ...headLines(measured, circumstances, style),
    '',
    ...contenderLines(measured, style),
    ...tables.flatMap((table) => ['', ...tableLines(table, style)]),
    '',
    style.bold(`${'Targets'.padEnd(WHAT_WIDTH)}${'evenkeel'.padEnd(VALUE_WIDTH)}target`),
    ...rows.map((row) => rowLine(row, style)),
    '',
    summary(rows, style),
    '',
  ].join('\n');
}

function headLines(
  { load, origins, samples }: Measured,
  { machine, cores, loadBefore }: Circumstances,
  style: Style,
): string[] {
  const { node, cpus, cpu, rounds } = machine;
  const memoryRounds = samples.contendersIn(MEMORY).length > 0 ? ', memory once' : '';
  const busy = `The machine was busy before (a load of ${loadBefore.toFixed(1)}): requests/s and latencies mean little, CPU a bit more.`;
  return [
    `${style.bold('evenkeel gateway, measured')}  Node ${node}, ${cpus} x ${cpu}`,
    style.dim(
      `${rounds} ${rounds === 1 ? 'round' : 'interleaved rounds'}${memoryRounds}; medians, ratios within a round. ${load} with ${CONNECTIONS} connections, 4 origins of ${origins}.`,
    ),
    style.dim(
      `Each proxy is one process on core ${cores.proxy.join(', ')}; load and origins on ${cores.load.join(', ')}. No proxy logs requests.`,
    ),
    style.dim(
      'evenkeel and the scripts of the peers are compiled by tsup with the settings of the published package.',
    ),
    style.dim(
      'CPU is user and system time of the proxy for each request. Any answer but 2xx, short body or socket error makes a line void.',
    ),
    style.dim(
      'TLS: one certificate (P-256) for all, sessions never resumed. At a fixed rate all take turns of 0.2 s; a proxy adds to the mean of the origins alone.',
    ),
    ...(loadBefore > QUIET_LOAD ? [style.bad(busy)] : []),
  ];
}

function contenderLines({ contenders, missing }: Measured, style: Style): string[] {
  return [
    style.bold('Contenders'),
    ...contenders.map(
      ({ name, version, how }) => `  ${`${name} ${version}`.padEnd(NAME_WIDTH - 2)}${style.dim(how)}`,
    ),
    ...missing.map((name) => `  ${name.padEnd(NAME_WIDTH - 2)}${style.bad('not installed here')}`),
  ];
}

function tableLines({ title, columns, lines }: Table, style: Style): string[] {
  const cells = (texts: readonly string[]) => texts.map((text) => text.padStart(CELL_WIDTH)).join('');
  return [
    style.bold(title),
    style.dim(`${''.padEnd(NAME_WIDTH)}${cells(columns)}`),
    ...lines.map(({ name, cells: texts }) => {
      const text = `  ${name.padEnd(NAME_WIDTH - 2)}${cells(texts)}`;
      return texts.length < columns.length - 1 ? style.bad(text) : text;
    }),
  ];
}

function rowLine({ what, text, target, ok }: TargetRow, style: Style): string {
  const verdict = ok === undefined ? '' : ok ? style.good('ok') : style.bad('MISSED');
  return `  ${what.padEnd(WHAT_WIDTH - 2)}${text.padEnd(VALUE_WIDTH)}${target.padEnd(TARGET_WIDTH)}${verdict}`.trimEnd();
}

function summary(rows: readonly TargetRow[], style: Style): string {
  const judged = rows.filter(({ ok }) => ok !== undefined).length;
  const missed = rows.filter(({ ok }) => ok === false).length;
  const open = judged === rows.length ? '' : ` ${formatCount(rows.length - judged)} not measured.`;
  return missed === 0
    ? style.good(`All ${judged} targets met.${open}`)
    : style.bad(`${missed} of ${judged} targets missed.${open}`);
}
