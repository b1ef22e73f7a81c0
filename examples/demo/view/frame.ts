import type { Explanation } from '../../../src/index.ts';
import { type BackendReport, backendReports } from '../report.ts';
import { hitRate } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';
import { bar, count, counted, cut, percent } from './format.ts';
import type { Paint, Palette } from './palette.ts';
import { type Column, tableLines } from './table.ts';
import { timeLine, timeMarks } from './time-line.ts';

const BAR_WIDTH = 12;
const TIME_LINE_WIDTH = 48;

/** The passes that are to be seen: the second one comes later. */
export interface Passes {
  readonly main: Pass;
  readonly other?: Pass | undefined;
}

/** The state of things, in lines of up to `width` characters. */
export function frame(passes: Passes, width: number, palette: Palette): string[] {
  return [
    '',
    heading(passes.main, width, palette),
    '',
    ...backendLines(passes.main, width, palette),
    '',
    ...timeLines(passes, width, palette),
  ];
}

/** What is happening, in one line. */
export function happening({ main, other }: Passes): string {
  return other === undefined ? main.now : `once more with ${other.strategy}, over fresh backends`;
}

/** Where the last request went, and why, in one line. */
export function lastDecision({ main, other }: Passes): string {
  const last = (other ?? main).lastDecision;
  if (last === undefined) return '';
  const { request, explanation } = last;
  return `${request.method} ${request.path} → ${explanation.picked}: ${reason(explanation)}`;
}

function heading({ strategy, stream, distinctKeys }: Pass, width: number, { bold, dim }: Palette): string {
  const what = `${strategy}, ${counted(stream.length, 'request')} for ${counted(distinctKeys, 'key')}`;
  return `${bold('evenkeel')}  ${dim(cut(what, width - 10))}`;
}

function backendLines(pass: Pass, width: number, palette: Palette): string[] {
  const backends = backendReports(pass);
  const sum = (pick: (backend: BackendReport) => number) =>
    backends.reduce((total, backend) => total + pick(backend), 0);
  const total: Row = {
    id: 'total',
    state: '',
    requests: sum(({ requests }) => requests),
    share: null,
    keysAtHome: pass.hasHomes ? sum(({ keysAtHome }) => keysAtHome ?? 0) : null,
    spills: pass.hasHomes ? sum(({ spills }) => spills ?? 0) : null,
    inFlight: sum(({ inFlight }) => inFlight),
    hitRate: hitRate(pass.ledger.tally(0, pass.sent)),
  };
  return tableLines(backendColumns(palette), [...backends, total], width, palette.dim);
}

/** A backend, or all of them. */
type Row = Omit<BackendReport, 'state' | 'share'> & { readonly state: string; readonly share: number | null };

function backendColumns({ bold, cyan, dim, green, red, yellow }: Palette): Column<Row>[] {
  const states: Record<string, Paint> = { up: green, down: red, draining: yellow };
  const paint = ({ id, state }: Row) => (id === 'total' ? bold : state === 'down' ? dim : undefined);
  return [
    { titles: ['backend', 'backend'], align: 'left', cell: ({ id }) => id, paint: () => bold },
    { titles: ['requests', 'reqs'], cell: ({ requests }) => count(requests), paint },
    {
      titles: ['share', 'share'],
      cell: ({ share }) => (share === null ? '' : percent(share)),
      paint,
      rank: 3,
    },
    {
      titles: [' '.repeat(BAR_WIDTH), ''],
      align: 'left',
      cell: ({ share }) => bar((share ?? 0) * 2, BAR_WIDTH),
      paint: ({ state }) => (state === 'down' ? dim : cyan),
      rank: 1,
    },
    { titles: ['keys at home', 'keys'], cell: ({ keysAtHome }) => count(keysAtHome), paint },
    { titles: ['spills', 'spills'], cell: ({ spills }) => count(spills), paint, rank: 2 },
    { titles: ['in flight', 'flight'], cell: ({ inFlight }) => count(inFlight), paint, rank: 4 },
    { titles: ['cache hits', 'hits'], cell: ({ hitRate }) => percent(hitRate), paint },
    {
      titles: ['state   ', 'state   '],
      align: 'left',
      cell: ({ state }) => state,
      paint: ({ state }) => states[state],
    },
  ];
}

/** How the caches fared over time, one line a pass, under marks that say where the pool changed. */
function timeLines({ main, other }: Passes, width: number, { cyan, dim, yellow }: Palette): string[] {
  const passes = other === undefined ? [main] : [main, other];
  const nameWidth = Math.max(...passes.map(({ strategy }) => strategy.length), 'round-robin'.length);
  const barWidth = Math.max(10, Math.min(TIME_LINE_WIDTH, width - nameWidth - 10));
  const marks = timeMarks(main, barWidth);
  return [
    `${dim('cache hits'.padEnd(nameWidth))}  ${dim(cut(marks, width - nameWidth - 2))}`,
    ...passes.map((pass, i) => {
      const rate = percent(hitRate(pass.ledger.tally(0, pass.sent)));
      const paint = i === 0 ? cyan : yellow;
      return `${pass.strategy.padEnd(nameWidth)}  ${paint(timeLine(pass, barWidth))}  ${rate}`;
    }),
  ];
}

/** The reason for a decision in a few words. */
function reason({ strategy, owner, picked, remembered, spilled, candidates }: Explanation): string {
  const load = (id: string | undefined) => {
    const found = candidates.find((candidate) => candidate.id === id);
    return found === undefined ? '' : `${found.inFlight} of ${found.flightLimit} in flight`;
  };
  if (owner === undefined) return `the choice of ${strategy}`;
  if (spilled) return `spills over, its home ${owner} has ${load(owner)}`;
  return remembered ? `its home, with ${load(picked)}` : 'a new key, at home there from now on';
}
