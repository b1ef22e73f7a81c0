// The report of a simulation for a terminal: a table, a line over time for each contender, and what happened.
import type { ContenderResult, Series, SimulationResult } from 'evenkeel/simulator';
import { figureText, type ReportColumn, usedColumns } from './columns.ts';
import { milliseconds, moment, percent } from './figure-text.ts';
import { scaleOf, sparkline } from './sparkline.ts';

/** How a terminal shows text. */
export interface TerminalStyle {
  /** Characters in a line, at least 80. */
  readonly columns: number;
  readonly hasColors: boolean;
}

/** Lines are never longer than this: wider pictures are harder to read, not easier. */
const WIDEST = 160;
const NARROWEST = 80;
/** The mean and the spread come in where there is room. */
const ROOMY = 96;
const LONGEST_LABEL = 20;
const WIDEST_TEXT = 100;

/**
 * The report, which ends with a line feed.
 * @param lesson - a paragraph for its end
 */
export function terminalReport(told: SimulationResult, style: TerminalStyle, lesson = ''): string {
  const result = cleaned(told);
  const width = Math.min(WIDEST, Math.max(NARROWEST, style.columns));
  const paint = painter(style.hasColors);
  const parts = [
    heading(result, paint),
    contenderTable(result, width, paint),
    overTime(result, width, paint),
    findings(result, width),
    lesson === '' ? '' : wrapped(lesson, width),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The result without control characters in its texts, which come from files: a terminal would obey them. */
function cleaned(result: SimulationResult): SimulationResult {
  return JSON.parse(
    JSON.stringify(result, (_, value: unknown) =>
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
      typeof value === 'string' ? value.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?') : value,
    ),
  ) as SimulationResult;
}

interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  best(text: string): string;
}

function painter(hasColors: boolean): Paint {
  const sgr = (code: string) => (text: string) => (hasColors ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { bold: sgr('1'), dim: sgr('2'), best: sgr('1;32') };
}

function heading(result: SimulationResult, { bold, dim }: Paint): string {
  const { name, requests, placements, backends, balancers, durationMs, seed, isComplete } = result;
  const facts = [
    `${requests.toLocaleString('en')} requests in ${moment(durationMs)}`,
    backends.length === 1 ? '1 backend' : `${backends.length} backends`,
    ...(balancers > 1 ? [`${balancers} balancers`] : []),
    placements === 1 ? '1 placement' : `${placements} placements`,
    `seed ${seed}`,
  ];
  const lines = [bold(name), dim(facts.join(' · '))];
  if (!isComplete) lines.push('Ended early: all contenders are compared on the part that ran.');
  return lines.join('\n');
}

function contenderTable(result: SimulationResult, width: number, paint: Paint): string {
  const { contenders, best, placements, warmUpMs, durationMs } = result;
  const isRoomy = width >= ROOMY;
  const columns = usedColumns(contenders.map(({ figures }) => figures)).filter(
    ({ name }) => isRoomy || name !== 'meanMs',
  );
  const cellsOf = ({ figures, label }: ContenderResult) =>
    columns.map((column) => ({
      text: figureText(column, figures),
      isBest: best[column.name]?.includes(label) === true && contenders.length > 1,
    }));
  const rows = contenders.map((contender) => ({ label: contender.label, cells: cellsOf(contender) }));
  const widths = columns.map((column, i) =>
    Math.max(
      column.title.length,
      column.unit.length,
      ...rows.map(({ cells }) => (cells[i]?.text.length ?? 0) + 1),
    ),
  );
  const taken = widths.reduce((sum, cell) => sum + cell + 1, 0);
  const labelWidth = Math.min(
    LONGEST_LABEL,
    width - taken,
    Math.max(...rows.map(({ label }) => label.length)),
  );
  const headings = [(column: ReportColumn) => column.title, (column: ReportColumn) => column.unit].map((of) =>
    `${' '.repeat(labelWidth)}${columns.map((column, i) => headingCell(of(column), widths[i] as number)).join('')}`.trimEnd(),
  );
  const lines = rows.map(({ label, cells }) => {
    const shown = cells.map(({ text, isBest }, i) => {
      const padded = ` ${`${text}${isBest ? '*' : ' '}`.padStart(widths[i] as number)}`;
      return isBest ? paint.best(padded) : padded;
    });
    return `${shortened(label, labelWidth).padEnd(labelWidth)}${shown.join('')}`.trimEnd();
  });
  const legend =
    contenders.length > 1
      ? [
          paint.dim(
            placements > 1 ? '* best, or not clearly worse: within the spread of the placements' : '* best',
          ),
        ]
      : [];
  if (warmUpMs > 0)
    legend.push(
      paint.dim(
        `The first ${Math.round((100 * warmUpMs) / durationMs)} % of the requests warm up, and do not count.`,
      ),
    );
  return [...headings.map((line) => paint.dim(line)), ...lines, ...legend].join('\n');
}

/** The place of the mark stays free, unless the heading needs it. */
function headingCell(text: string, width: number): string {
  return ` ${text.padStart(width - 1).padEnd(width)}`;
}

/** What is worth a line over time: errors where there are any, else the time of slow requests. */
function overTime(result: SimulationResult, width: number, paint: Paint): string {
  const { contenders, events, durationMs } = result;
  const hasErrors = contenders.some(({ figures }) => figures.errors.mean > 0);
  const listOf = (series: Series) => (hasErrors ? series.errors : series.p99Ms);
  const lists = contenders.map(({ series }) => listOf(series));
  const points = lists[0]?.length ?? 0;
  if (points < 2) return '';
  const format = hasErrors
    ? (value: number) => `${percent(value)} %`
    : (value: number) => `${milliseconds(value)} ms`;
  const scale = scaleOf(lists);
  const labelWidth = Math.min(LONGEST_LABEL, Math.max(...contenders.map(({ label }) => label.length)));
  const rangeWidth = 18;
  const chart = Math.min(points, width - labelWidth - rangeWidth - 4);
  const what = `${hasErrors ? 'errors' : 'p99'} over time, from ${format(scale.low)} to ${format(scale.high)}`;
  const rows = contenders.map(({ label }, i) => {
    const list = lists[i] ?? [];
    const highest = Math.max(0, ...list.filter((value) => value !== null));
    return `${shortened(label, labelWidth).padEnd(labelWidth)}  ${sparkline(list, chart, scale).padEnd(chart)}  at most ${format(highest)}`.trimEnd();
  });
  const marks: string[] = new Array(chart).fill(' ');
  for (const [i, { atMs }] of events.entries()) {
    const column = Math.min(chart - 1, Math.floor((atMs / Math.max(1, durationMs)) * chart));
    marks[column] = marks[column] === ' ' ? markOf(i) : '+';
  }
  const markLine = events.length === 0 ? [] : [`${' '.repeat(labelWidth + 2)}${marks.join('')}`.trimEnd()];
  const list = events
    .slice(0, MOST_EVENTS)
    .map(
      ({ atMs, text }, i) => `  ${markOf(i)}  ${moment(atMs).padStart(9)}  ${shortened(text, width - 16)}`,
    );
  if (events.length > MOST_EVENTS) list.push(`     and ${events.length - MOST_EVENTS} more events`);
  return [
    paint.dim(`${what}${scale.isLogarithmic ? ', logarithmic' : ''}`),
    ...rows,
    ...markLine,
    ...list,
  ].join('\n');
}

const MARKS = '123456789abcdefghijklmnopqrstuvwxyz';
const MOST_EVENTS = 12;
const markOf = (i: number): string => MARKS.charAt(i) || '+';

function findings({ findings: sentences }: SimulationResult, width: number): string {
  return sentences.map((sentence) => wrapped(sentence, width)).join('\n');
}

/** Text in lines of at most `width` characters. */
/** Text in lines, of words, for a terminal of so many columns. */
export function wrapped(text: string, columns = NARROWEST): string {
  const width = Math.min(WIDEST_TEXT, Math.max(NARROWEST, columns));
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
