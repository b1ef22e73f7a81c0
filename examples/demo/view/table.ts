// Tables that fit into the width of a terminal.

import type { Paint } from './palette.ts';

/** A column of a table over rows of type `R`. */
export interface Column<R> {
  /** The heading, and a shorter one for narrow terminals. */
  readonly titles: readonly [long: string, short: string];
  readonly cell: (row: R) => string;
  /** @defaultValue right */
  readonly align?: 'left' | 'right';
  /** The colour of a cell. */
  readonly paint?: (row: R) => Paint | undefined;
  /**
   * If there is not enough room, columns with the lowest rank are dropped first.
   * @defaultValue never dropped
   */
  readonly rank?: number;
}

/** A column with its measured width. */
interface Fitted<R> extends Column<R> {
  readonly title: string;
  readonly width: number;
}

/** A heading and a line for each row, in the widest layout that fits into `width` characters. */
export function tableLines<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  width: number,
  paintHeading: Paint,
): string[] {
  const { fitted, gap } = layOut(columns, rows, width);
  const line = (textOf: (column: Fitted<R>) => string, paintOf: (column: Fitted<R>) => Paint | undefined) =>
    fitted
      .map((column) => {
        const text = textOf(column);
        const space = ' '.repeat(column.width - text.length);
        const painted = paintOf(column)?.(text) ?? text;
        return column.align === 'left' ? painted + space : space + painted;
      })
      .join(' '.repeat(gap))
      .trimEnd();
  return [
    line(
      ({ title }) => title,
      () => paintHeading,
    ),
    ...rows.map((row) =>
      line(
        ({ cell }) => cell(row),
        ({ paint }) => paint?.(row),
      ),
    ),
  ];
}

/**
 * Tries wide gaps and long headings first, then short ones, then drops columns, the least important one
 * first.
 */
function layOut<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  width: number,
): { fitted: Fitted<R>[]; gap: number } {
  const ways = [
    [0, 3],
    [0, 2],
    [1, 2],
    [1, 1],
  ] as const;
  for (const [title, gap] of ways) {
    const fitted = columns.map((column) => measure(column, rows, column.titles[title]));
    const total = fitted.reduce((sum, column) => sum + column.width + gap, -gap);
    if (total <= width || (gap === 1 && columns.every(isLasting))) return { fitted, gap };
  }
  const lowest = columns.reduce((least, column) => (rankOf(column) < rankOf(least) ? column : least));
  return layOut(
    columns.filter((column) => column !== lowest),
    rows,
    width,
  );
}

function measure<R>(column: Column<R>, rows: readonly R[], title: string): Fitted<R> {
  const width = Math.max(title.length, ...rows.map((row) => column.cell(row).length));
  return { ...column, title, width };
}

function rankOf<R>({ rank = Number.POSITIVE_INFINITY }: Column<R>): number {
  return rank;
}

function isLasting<R>(column: Column<R>): boolean {
  return rankOf(column) === Number.POSITIVE_INFINITY;
}
