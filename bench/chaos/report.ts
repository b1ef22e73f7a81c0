// The report of the chaos test as text.

import type { Style } from '../text.ts';
import type { ChaosReport, StormReport } from './chaos.ts';
import type { DeadTally } from './dead-spells.ts';
import { FAILURES_ALLOWED } from './dead-spells.ts';
import type { FaultRow, Verdict } from './verdicts.ts';

const NAME_WIDTH = 20;
const CELL_WIDTH = 12;

/** The whole report as text. */
export function textReport({ seed, storms, flapping, verdicts, kept }: ChaosReport, style: Style): string {
  const all = [...storms.flatMap((storm) => storm.verdicts), ...flapping.verdicts, ...verdicts];
  const broken = all.filter((one) => one.kept === false).length;
  return [
    `${style.bold('evenkeel under chaos')}  seed ${seed}`,
    '',
    style.bold(`${count(flapping.backends)} backends flapping`),
    style.dim(
      `  ${flapping.virtualMs / 1_000} virtual seconds in ${seconds(flapping.tookMs)}, ${count(flapping.changes)} changes, ${count(flapping.requests)} requests, ${count(flapping.panics)} times in or out of panic`,
    ),
    ...flapping.verdicts.map((one) => verdictLine(one, style)),
    ...storms.flatMap((storm) => ['', ...stormLines(storm, style)]),
    '',
    style.bold('The whole run'),
    ...verdicts.map((one) => verdictLine(one, style)),
    '',
    kept
      ? style.good(`No promise broken, of ${all.length}.`)
      : style.bad(`${broken} of ${all.length} promises broken.`),
  ].join('\n');
}

function stormLines(storm: StormReport, style: Style): string[] {
  const { p50, p99, max } = storm.latencyMs;
  const ms = (value: number) => `${Math.round(value)} ms`;
  const events = Object.entries(storm.pool).map(([type, times]) => `${type} ${count(times)}`);
  return [
    style.bold(`20 backends, ${storm.strategy}`),
    style.dim(
      `  ${count(storm.requests)} requests in ${Math.round(storm.virtualMs / 1_000)} virtual seconds (${seconds(storm.tookMs)}), ${percent(storm.ok, storm.requests)} % ok, p50 ${ms(p50)}, p99 ${ms(p99)}, longest ${ms(max)}, digest ${storm.digest}`,
    ),
    style.dim(`  ${events.join(', ')}`),
    '',
    style.dim(row('  fault', ['injected', 'requests', 'retried', 'errors', 'ok %'])),
    ...storm.faults.map(faultLine),
    '',
    style.dim(row('  on dead backends', ['spells', 'most at first', 'probes', 'checks', 'others'])),
    ...Object.entries(storm.dead).map(([kind, tally]) => deadLine(kind, tally)),
    style.dim(
      `  at first: before the ${FAILURES_ALLOWED}th failure in a row was known, those under way included; probes: after an ejection`,
    ),
    style.dim(
      '  has ended or a breaker is half-open, until the first failure is known; others: none of these',
    ),
    '',
    ...storm.verdicts.map((one) => verdictLine(one, style)),
  ];
}

function faultLine({ kind, injected, requests, retried, errors, ok }: FaultRow): string {
  return row(`  ${kind}`, [
    count(injected),
    count(requests),
    count(retried),
    count(errors),
    percent(ok, requests),
  ]);
}

function deadLine(kind: string, { spells, mostBefore, probes, checks, excess, inPanic }: DeadTally): string {
  return row(`  ${kind}`, [spells, mostBefore, probes, checks, excess + inPanic].map(count));
}

function verdictLine({ promise, measured, kept }: Verdict, style: Style): string {
  const word =
    kept === undefined ? style.dim('not judged') : kept ? style.good('kept      ') : style.bad('BROKEN    ');
  return `  ${word} ${promise}\n             ${style.dim(measured)}`;
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(CELL_WIDTH + 2)).join('');
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : ((part / whole) * 100).toFixed(2);
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
