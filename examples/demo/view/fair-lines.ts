// The fair table at the end of the demo, with the meaning of its words.

import type { FairRow, FairTable } from '../report/fair-table.ts';
import { count, milliseconds, percent, times, wrap } from './format.ts';
import type { Palette } from './palette.ts';
import { type Column, tableLines } from './table.ts';

const LEGEND = [
  'spills: requests that went elsewhere because the owner of their key was at its limit; the key stays with it',
  'plan: the share of keys that plan() forecasts for a change; moved: the share that moved; stray: the part of it that moved between backends that did not change',
  'green: the best, and all that the spread of three placements does not tell from it',
];

/** The table, in lines of up to `width` characters. */
export function fairLines({ requests, rows, best }: FairTable, width: number, palette: Palette): string[] {
  const title = `the same ${count(requests)} requests with the same faults for every strategy, simulated with the engine as it is:`;
  return [
    ...wrap(title, width).map(palette.bold),
    ...tableLines(columns(best, palette), rows, width, palette.dim),
    ...LEGEND.flatMap((line) => wrap(line, width)).map(palette.dim),
  ];
}

function columns(best: FairTable['best'], { bold, green }: Palette): Column<FairRow>[] {
  const column = (
    name: string,
    titles: readonly [string, string],
    cell: (row: FairRow) => string,
    rank?: number,
  ): Column<FairRow> => ({
    titles,
    cell,
    paint: ({ strategy }) => (best[name]?.includes(strategy) ? green : undefined),
    ...(rank !== undefined && { rank }),
  });
  return [
    { titles: ['strategy', 'strategy'], align: 'left', cell: ({ strategy }) => strategy, paint: () => bold },
    column('hits', ['cache hits', 'hits'], ({ hitRate }) => percent(hitRate)),
    column('p50Ms', ['median', 'p50'], ({ medianMs }) => milliseconds(medianMs), 3),
    column('p99Ms', ['99th percentile', 'p99'], ({ p99Ms }) => milliseconds(p99Ms), 5),
    column('errors', ['errors', 'errors'], ({ errors }) => percent(errors)),
    column('retries', ['retries', 'retries'], ({ retries }) => percent(retries), 1),
    column('mostOverMean', ['most/mean', 'most'], ({ mostOverMean }) => times(mostOverMean), 6),
    column('keysMoved', ['keys moved', 'moved'], ({ keysMoved }) => percent(keysMoved), 4),
    column('spills', ['spills', 'spills'], ({ spills }) => percent(spills), 2),
  ];
}
