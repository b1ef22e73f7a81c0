import type { Report } from '../report/report.ts';
import { fairLines } from './fair-lines.ts';
import { count, counted, highest, milliseconds, percent, times, wrap } from './format.ts';
import type { Paint, Palette } from './palette.ts';
import { phaseTable } from './phase-table.ts';

const LABEL_WIDTH = 14;
/** Why more keys may lie on a backend than the bound allows for a new one. */
const ABOVE =
  'the bound holds when a key is placed; the mean falls afterwards when a backend comes, and keys come back when one has recovered';

/** The summary, in lines of up to `width` characters. */
export function summaryLines(report: Report, width: number, palette: Palette): string[] {
  const { green, red, bold } = palette;
  const isSound = report.requests.lost === 0 && (report.bounds?.admissions?.broken ?? 0) === 0;
  return [
    '',
    ...phaseTable(report, width, palette),
    '',
    ...statement('requests', lossText(report), width, isSound ? green : red),
    ...statement('retries', retryText(report), width, bold),
    ...statement('found out', faultText(report), width, bold),
    ...statement('affinity', affinityText(report), width, bold),
    ...statement('even load', loadText(report), width, bold),
    ...statement('keys moved', movesText(report), width, bold),
    '',
    ...fairLines(report.fair, width, palette),
    '',
    palette.dim(`took ${(report.tookMs / 1000).toFixed(1)} s, seed ${report.seed}`),
  ];
}

function lossText({ requests: { sent, answered, lost }, cache }: Report): string {
  const answers = `${count(answered)} of ${count(sent)} answered`;
  if (lost > 0) return `${answers}, ${count(lost)} lost`;
  return `${answers}, none lost; the slowest answer took ${milliseconds(cache.latencyMs?.slowest)}`;
}

function retryText({ resilience: { retries, failures } }: Report): string {
  const { unsent, error, status } = retries;
  return (
    `${count(unsent + error + status)} for ${counted(failures, 'failed attempt')}: ${count(unsent)} could not be sent, ` +
    `${count(error)} without a whole answer, ${count(status)} with status 500 (which counts as a failure here, and may ` +
    'be retried: every request is a GET)'
  );
}

function faultText({ resilience: { ejections, faults } }: Report): string {
  const found = faults.map(({ name, foundMs, foundBy }) =>
    foundMs === null
      ? `${name}: over before it could be`
      : `${name}: by its ${foundBy} after ${milliseconds(foundMs)}`,
  );
  return [...found, counted(ejections, 'ejection')].join('; ');
}

function affinityText({ strategy, comparison: { requests, own, other } }: Report): string {
  return (
    `${percent(own.hitRate)} cache hits with ${strategy}, ${percent(other.hitRate)} with ${other.strategy} on the same ` +
    `${counted(requests, 'request')}: ${counted(own.misses, 'page')} to make against ${count(other.misses)}`
  );
}

function loadText({ bounds, phases }: Report): string {
  const most = (of: (phase: Report['phases'][number]) => number | null) => times(highest(phases.map(of)));
  const requests = `the most requests on one backend were ${most(({ spread }) => spread.requests)} the mean`;
  if (bounds === null) return requests;
  const { admissions, factor } = bounds;
  const above = (highest(phases.map(({ spread }) => spread.keys)) ?? 0) > factor;
  const keys =
    `the most keys on one backend were ${most(({ spread }) => spread.keys)} the mean, where a new key may bring it to ` +
    `${times(factor)}${above ? ` (${ABOVE})` : ''}`;
  if (admissions === null) return `${keys}; ${requests}`;
  const { checked, broken } = admissions;
  return `${keys}; ${requests}; both load bounds held at ${count(checked - broken)} of ${counted(checked, 'admission')}`;
}

function movesText({ backends, phases }: Report): string {
  const strayed = highest(phases.map(({ keys }) => keys?.strayed));
  if (backends.every(({ keysAtHome }) => keysAtHome === null)) return 'keys have no homes with this strategy';
  if (strayed === null) return 'unknown: the steps followed each other too fast';
  if (strayed > 0)
    return `up to ${percent(strayed)} strayed from one backend to another when a third one changed`;
  return 'only to or from the backend that changed, none between the others';
}

/** A text with a label before its first line. */
function statement(label: string, text: string, width: number, paint: Paint): string[] {
  return wrap(text, width - LABEL_WIDTH).map(
    (line, i) => paint((i === 0 ? label : '').padEnd(LABEL_WIDTH)) + line,
  );
}
