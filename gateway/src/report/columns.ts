// The columns of the table of contenders, for the terminal, the page and CSV.
import type { ColumnName, Figure, Figures } from 'evenkeel/simulator';
import { milliseconds, percent, ratio } from './figure-text.ts';

/** One column of the table. */
export interface ReportColumn {
  readonly name: ColumnName;
  /** Both lines of the heading. */
  readonly title: string;
  readonly unit: string;
  /** What the figure says, for readers who ask. */
  readonly about: string;
  readonly format: (value: number) => string;
}

/** All columns, in the order in which they are shown. */
export const REPORT_COLUMNS: readonly ReportColumn[] = [
  {
    name: 'meanMs',
    title: 'mean',
    unit: 'ms',
    about: 'Mean time until the response of requests without an error.',
    format: milliseconds,
  },
  {
    name: 'p50Ms',
    title: 'p50',
    unit: 'ms',
    about: 'Half of the requests without an error took at most this long.',
    format: milliseconds,
  },
  {
    name: 'p99Ms',
    title: 'p99',
    unit: 'ms',
    about: '99 % of the requests without an error took at most this long.',
    format: milliseconds,
  },
  {
    name: 'p999Ms',
    title: 'p99.9',
    unit: 'ms',
    about: '99.9 % of the requests without an error took at most this long.',
    format: milliseconds,
  },
  {
    name: 'errors',
    title: 'errors',
    unit: '%',
    about: 'Requests without a response, without a backend, or with a status of 500 and above.',
    format: percent,
  },
  {
    name: 'retries',
    title: 'retries',
    unit: '%',
    about: 'Requests sent again to another backend, over all requests.',
    format: percent,
  },
  {
    name: 'hits',
    title: 'hits',
    unit: '%',
    about: "Requests whose key was in the backend's cache.",
    format: percent,
  },
  {
    name: 'mostOverMean',
    title: 'most/',
    unit: 'mean',
    about: 'Requests of the backend that got most, over the mean of all: 1 is perfectly even.',
    format: ratio,
  },
  {
    name: 'keysMoved',
    title: 'moved',
    unit: '% keys',
    about: 'Keys asked for more than once that changed their backend; spills do not count.',
    format: percent,
  },
  {
    name: 'spills',
    title: 'spills',
    unit: '%',
    about: "Requests that went elsewhere because their key's backend was at its limit.",
    format: percent,
  },
];

/** The figure of a column as text; `-` where the scenario has none. */
export function figureText({ name, format }: ReportColumn, figures: Figures): string {
  const figure: Figure | null = figures[name];
  return figure === null ? '-' : format(figure.mean);
}

/** The columns that say something about a result: without caches there are no hits. */
export function usedColumns(all: readonly Figures[]): readonly ReportColumn[] {
  return REPORT_COLUMNS.filter(({ name }) => all.some((figures) => figures[name] !== null));
}
