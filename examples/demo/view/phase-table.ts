// The table of phases.

import type { PhaseReport } from '../report/phases.ts';
import type { Report } from '../report/report.ts';
import type { FaultReport } from '../report/resilience.ts';
import { count, milliseconds, percent, times } from './format.ts';
import type { Palette } from './palette.ts';
import { type Column, tableLines } from './table.ts';

/** The table of phases: a line for each step of the scenario. */
export function phaseTable({ phases, resilience }: Report, width: number, palette: Palette): string[] {
  const rows = phases.map((phase) => ({
    ...phase,
    fault: resilience.faults.find(({ name }) => name === phase.name),
  }));
  return tableLines(columns(palette), rows, width, palette.dim);
}

/** A phase with its failures. */
type Row = PhaseReport & { readonly fault: FaultReport | undefined };

function columns({ bold }: Palette): Column<Row>[] {
  return [
    { titles: ['phase', 'phase'], align: 'left', cell: ({ name }) => name, paint: () => bold },
    { titles: ['requests', 'reqs'], cell: ({ requests }) => count(requests), rank: 2 },
    { titles: ['retries', 'retries'], cell: ({ fault }) => count(fault?.failures), rank: 7 },
    { titles: ['last after', 'last'], cell: ({ fault }) => milliseconds(fault?.lastFailureMs), rank: 8 },
    { titles: ['cache hits', 'hits'], cell: ({ hitRate }) => percent(hitRate) },
    { titles: ['max load', 'load'], cell: ({ spread }) => times(spread.requests), rank: 5 },
    { titles: ['max keys', 'keys'], cell: ({ spread }) => times(spread.keys), rank: 6 },
    { titles: ['keys moved', 'moved'], cell: ({ keys }) => percent(keys?.moved) },
    { titles: ['ideal 1/n', '1/n'], cell: ({ keys }) => percent(keys?.ideal), rank: 4 },
    { titles: ['plan()', 'plan'], cell: ({ keys }) => percent(keys?.planned), rank: 3 },
    { titles: ['strayed', 'stray'], cell: ({ keys }) => percent(keys?.strayed), rank: 1 },
  ];
}
