import type { CacheReport, PhaseReport, Report } from '../report.ts';
import { count, counted, NOTHING, percent, times, wrap } from './format.ts';
import type { Paint, Palette } from './palette.ts';
import { type Column, tableLines } from './table.ts';

const LABEL_WIDTH = 14;

/** What came of it all, in lines of up to `width` characters. */
export function summaryLines(report: Report, width: number, palette: Palette): string[] {
  const { green, red, bold } = palette;
  const isSound = report.requests.lost === 0 && (report.bounds?.broken ?? 0) === 0;
  return [
    '',
    ...tableLines(phaseColumns(palette), report.phases, width, palette.dim),
    '',
    ...statement('requests', lossText(report), width, isSound ? green : red),
    ...statement('affinity', affinityText(report), width, bold),
    ...statement('even load', loadText(report), width, bold),
    ...statement('keys moved', movesText(report), width, bold),
    '',
    palette.dim(`took ${(report.tookMs / 1000).toFixed(1)} s, seed ${report.seed}`),
  ];
}

function phaseColumns({ bold }: Palette): Column<PhaseReport>[] {
  return [
    { titles: ['phase', 'phase'], align: 'left', cell: ({ name }) => name, paint: () => bold },
    { titles: ['requests', 'reqs'], cell: ({ requests }) => count(requests), rank: 2 },
    { titles: ['cache hits', 'hits'], cell: ({ hitRate }) => percent(hitRate) },
    { titles: ['max load', 'load'], cell: ({ spread }) => times(spread.requests), rank: 5 },
    { titles: ['max keys', 'keys'], cell: ({ spread }) => times(spread.keys), rank: 6 },
    { titles: ['keys moved', 'moved'], cell: ({ keys }) => percent(keys?.moved) },
    { titles: ['ideal 1/n', '1/n'], cell: ({ keys }) => percent(keys?.ideal), rank: 4 },
    { titles: ['plan()', 'plan'], cell: ({ keys }) => percent(keys?.planned), rank: 3 },
    { titles: ['strayed', 'stray'], cell: ({ keys }) => percent(keys?.strayed), rank: 1 },
  ];
}

function lossText({ requests: { sent, answered, lost } }: Report): string {
  const answers = `${count(answered)} of ${count(sent)} answered`;
  if (lost > 0) return `${answers}, ${count(lost)} lost`;
  return `${answers}, none lost while beta went and came and epsilon joined`;
}

function affinityText({ strategy, comparison: { requests, own, other } }: Report): string {
  const median = ({ latencyMs }: CacheReport) =>
    latencyMs === null ? NOTHING : `${latencyMs.median.toFixed(1)}\u00a0ms`;
  return (
    `${percent(own.hitRate)} cache hits with ${strategy}, ${percent(other.hitRate)} with ${other.strategy} on the same ` +
    `${counted(requests, 'request')}: ${counted(own.misses, 'page')} to make against ${count(other.misses)}, half of the ` +
    `answers within ${median(own)} against ${median(other)}`
  );
}

function loadText({ bounds, phases }: Report): string {
  const most = (of: (phase: PhaseReport) => number | null) => times(highest(phases.map(of)));
  const requests = `the most requests on one backend were ${most(({ spread }) => spread.requests)} the mean`;
  if (bounds === null) return requests;
  const { admissions, broken, factor } = bounds;
  return (
    `the most keys on one backend were ${most(({ spread }) => spread.keys)} the mean, where a new key may bring it to ` +
    `${times(factor)}; ${requests}; both load bounds held at ${count(admissions - broken)} of ${counted(admissions, 'admission')}`
  );
}

function movesText({ phases }: Report): string {
  const strayed = highest(phases.map(({ keys }) => keys?.strayed));
  if (strayed === null) return 'keys have no homes with this strategy';
  if (strayed > 0)
    return `up to ${percent(strayed)} strayed from one backend to another when a third one changed`;
  return 'only to or from the backend that changed, none between the others';
}

/** `null` where there is none. */
function highest(numbers: readonly (number | null | undefined)[]): number | null {
  const known = numbers.filter((number) => typeof number === 'number');
  return known.length === 0 ? null : Math.max(...known);
}

/** A text with a label before its first line. */
function statement(label: string, text: string, width: number, paint: Paint): string[] {
  return wrap(text, width - LABEL_WIDTH).map(
    (line, i) => paint((i === 0 ? label : '').padEnd(LABEL_WIDTH)) + line,
  );
}
