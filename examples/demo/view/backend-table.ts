// The table of backends.

import { type BackendReport, backendReports } from '../report/backends.ts';
import { hitRate } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';
import { bar, count, percent } from './format.ts';
import type { Paint, Palette } from './palette.ts';
import { type Column, tableLines } from './table.ts';

const BAR_WIDTH = 6;
/** The width of the longest state, so that columns do not move. */
const STATE_TITLE = 'state'.padEnd('starting 10%'.length);

/** The table of backends: a line for each, and one for all. */
export function backendTable(pass: Pass, width: number, palette: Palette): string[] {
  const backends = backendReports(pass);
  const sum = (pick: (backend: BackendReport) => number) =>
    backends.reduce((total, backend) => total + pick(backend), 0);
  const rows = backends.map((backend): Row => ({ ...backend, state: stateText(backend) }));
  const total: Row = {
    id: 'total',
    state: '',
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    share: null,
    keysAtHome: pass.hasHomes ? sum(({ keysAtHome }) => keysAtHome ?? 0) : null,
    spills: pass.hasHomes ? sum(({ spills }) => spills ?? 0) : null,
    inFlight: sum(({ inFlight }) => inFlight),
    hitRate: hitRate(pass.ledger.tally(0, pass.sent)),
    weightShare: 1,
  };
  return tableLines(columns(palette), [...rows, total], width, palette.dim);
}

/** A row: a backend, or all of them. */
type Row = Omit<BackendReport, 'state' | 'share'> & {
  readonly state: string;
  readonly share: number | null;
};

function stateText({ state, weightShare }: BackendReport): string {
  if (state === 'barred') return 'ejected';
  return state === 'up' && weightShare < 1 ? `starting ${Math.round(weightShare * 100)}%` : state;
}

function columns({ bold, cyan, dim, green, red, yellow }: Palette): Column<Row>[] {
  const paint = ({ id, weightShare }: Row) => (id === 'total' ? bold : weightShare === 0 ? dim : undefined);
  const statePaint = ({ weightShare }: Row): Paint =>
    weightShare === 0 ? red : weightShare < 1 ? yellow : green;
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
      paint: ({ weightShare }) => (weightShare === 0 ? dim : cyan),
      rank: 1,
    },
    { titles: ['keys at home', 'keys'], cell: ({ keysAtHome }) => count(keysAtHome), paint },
    { titles: ['spills', 'spills'], cell: ({ spills }) => count(spills), paint, rank: 2 },
    { titles: ['failed', 'failed'], cell: ({ failures }) => count(failures), paint, rank: 5 },
    { titles: ['in flight', 'flight'], cell: ({ inFlight }) => count(inFlight), paint, rank: 4 },
    { titles: ['hit rate', 'hits'], cell: ({ hitRate }) => percent(hitRate), paint },
    { titles: [STATE_TITLE, STATE_TITLE], align: 'left', cell: ({ state }) => state, paint: statePaint },
  ];
}
