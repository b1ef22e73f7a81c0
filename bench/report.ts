// The report of the benchmark as text.

import { KEY_COUNT, LONGEST_KEY, POINTS, SHORTEST_KEY } from './inputs.ts';
import type { MachineFacts } from './machine.ts';
import { changeMs, lookUpNs, type MedianRow, memoryKb } from './medians.ts';
import type { Results } from './results.ts';
import { type Row, targetRows } from './rows.ts';
import { formatCount, formatMedian, type Style } from './text.ts';

const COLUMNS = [4, 10, 100, 1_000];
const WHAT_WIDTH = 46;
const CELL_WIDTH = 10;
const TARGET_WIDTH = 22;

/** The report as text: settings, medians, and each target with its verdict. */
export function report(results: Results, machine: MachineFacts, style: Style): string {
  const rows = targetRows(results);
  return [
    ...headLines(machine, style),
    '',
    heading('Medians', '', style),
    ...medianLines('nanoseconds a key', lookUpNs(results), style),
    ...medianLines('milliseconds a change', changeMs(results), style),
    ...medianLines('kilobytes', memoryKb(results), style),
    '',
    heading('Targets', 'target'.padEnd(TARGET_WIDTH), style),
    ...[...rows].flatMap(([title, group]) => [
      style.dim(`  ${title}`),
      ...group.map((row) => rowLine(row, style)),
    ]),
    '',
    summary([...rows.values()].flat(), style),
    '',
  ].join('\n');
}

function headLines({ node, cpus, cpu, rounds }: MachineFacts, style: Style): string[] {
  return [
    `${style.bold('evenkeel, measured')}  Node ${node}, ${cpus} x ${cpu}`,
    style.dim(
      `${rounds} ${rounds === 1 ? 'round' : 'interleaved rounds'}, medians of processor time, ratios within a round; each contender in its own process.`,
    ),
    style.dim(
      `${formatCount(KEY_COUNT)} distinct keys of ${SHORTEST_KEY} to ${LONGEST_KEY} characters; ${POINTS} points a backend. Measured is src, compiled`,
    ),
    style.dim('by tsup with the settings of the published package, not what a loader makes of it.'),
  ];
}

function heading(title: string, last: string, style: Style): string {
  const sizes = COLUMNS.map((n, i) => (i === 0 ? `n = ${n}` : formatCount(n)).padStart(CELL_WIDTH));
  return style.bold(`${title.padEnd(WHAT_WIDTH)}${sizes.join('')}  ${last}`.trimEnd());
}

function medianLines(unit: string, rows: readonly MedianRow[], style: Style): string[] {
  return [
    style.dim(`  ${unit}`),
    ...rows.map(({ what, cells }) =>
      line(
        what,
        COLUMNS.map((column) => {
          const cell = cells.find(({ n }) => n === column);
          return cell === undefined ? '' : formatMedian(cell.value);
        }),
      ),
    ),
  ];
}

function rowLine(row: Row, style: Style): string {
  const texts = COLUMNS.map((column) => row.cells.find(({ n }) => n === column)?.text ?? '');
  return `${line(row.what, texts)}  ${row.target.padEnd(TARGET_WIDTH)}${verdict(row, style)}`;
}

function line(what: string, cells: readonly string[]): string {
  return `    ${what.padEnd(WHAT_WIDTH - 4)}${cells.map((cell) => cell.padStart(CELL_WIDTH)).join('')}`;
}

function verdict(row: Row, style: Style): string {
  if (row.cells.every(({ ok }) => ok === undefined)) return '';
  const missed = row.cells.filter(({ ok }) => ok === false).map(({ n }) => formatCount(n));
  return missed.length === 0 ? style.good('ok') : style.bad(`MISSED at ${missed.join(', ')}`);
}

function summary(rows: readonly Row[], style: Style): string {
  const judged = rows.filter(({ cells }) => cells.some(({ ok }) => ok !== undefined)).length;
  const missed = rows.filter(({ cells }) => cells.some(({ ok }) => ok === false)).length;
  return missed === 0
    ? style.good(`All ${judged} targets met.`)
    : style.bad(`${missed} of ${judged} targets missed.`);
}
