// The table of contenders as comma-separated values, for spreadsheets.
import type { SimulationResult } from 'evenkeel/simulator';
import { REPORT_COLUMNS } from './columns.ts';

/**
 * A row for each contender, with the mean and the range of each figure over the placements. Numbers are not
 * rounded, shares are from 0 to 1.
 * @see RFC 4180
 */
export function csvReport({ contenders }: SimulationResult): string {
  const headings = REPORT_COLUMNS.flatMap(({ name }) => [name, `${name}Least`, `${name}Most`]);
  const rows = contenders.map(({ label, strategy, figures }) => [
    label,
    strategy,
    ...REPORT_COLUMNS.flatMap(({ name }) => {
      const figure = figures[name];
      return figure === null ? ['', '', ''] : [figure.mean, figure.least, figure.most].map(String);
    }),
  ]);
  return [['contender', 'strategy', ...headings], ...rows]
    .map((row) => `${row.map(csvCell).join(',')}\r\n`)
    .join('');
}

/** A leading `=`, `+`, `-` or `@` would make a spreadsheet run text as a formula; labels come from files. */
function csvCell(text: string): string {
  const safe = /^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
