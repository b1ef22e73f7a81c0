// The table of a pool's backends: its columns, with the cells that the table of figures asks for.
import { BACKEND_FIGURES } from '../../observation/backend-figures.ts';
import { type Cell, entriesOf } from '../../observation/figure.ts';

/** A column of the table. */
interface Column {
  readonly title: string;
  /** Small print below the title. */
  readonly note?: string;
  /** The class of its `col`, which gives the width. */
  readonly width?: string;
  readonly className: string;
  /** What stands in a cell before the figures that ask for this column. */
  readonly markup: string;
}

const COLUMNS: readonly Column[] = [
  {
    title: 'State',
    width: 'state-col',
    className: 'state-cell',
    markup: `
      <span class="state">
        <svg class="icon" aria-hidden="true"><use/></svg>
        <span data-text="state"></span>
      </span>
      <span class="more" data-text="reason"></span>`,
  },
  {
    title: 'Requests/s',
    width: 'rate-col',
    className: 'right wide',
    markup: `
      <svg class="spark" viewBox="0 0 60 20" preserveAspectRatio="none" aria-hidden="true"><polyline/></svg>
      <span data-text="rate"></span>`,
  },
  { title: 'In flight', width: 'flight-col', className: 'right', markup: '' },
  {
    title: 'Error rate',
    note: 'last minute',
    width: 'error-col',
    className: 'right',
    markup: '<span class="error-rate" data-text="errorRate"></span>',
  },
  {
    title: 'p99',
    note: 'last minute',
    width: 'p99-col',
    className: 'right',
    markup: '<span data-text="p99"></span>',
  },
  { title: 'Weight', width: 'weight-col', className: 'right', markup: '' },
  { title: 'Keys at home', width: 'keys-col', className: 'right wide', markup: '' },
  { title: 'Spills', width: 'spills-col', className: 'right', markup: '' },
];

/** Figures that the dashboard shows, by the title of their column. */
type Shown = readonly (readonly [figure: string, cell: Cell])[];

/** The markup of the table's parts, for a table of figures. */
export function backendTable(table: unknown = BACKEND_FIGURES) {
  const shown: Shown = entriesOf(table).flatMap(([name, { cell }]) =>
    cell === undefined ? [] : [[name, cell]],
  );
  const known = new Set(COLUMNS.map(({ title }) => title));
  const added = new Set(shown.map(([, { column }]) => column).filter((title) => !known.has(title)));
  const columns = [...COLUMNS, ...[...added].map((title) => ({ title, className: 'right', markup: '' }))];
  return {
    cols: columns.map(colOf).join(''),
    headings: columns.map(headingOf).join('\n'),
    cells: columns.map((column) => cellOf(column, shown)).join('\n'),
  };
}

const colOf = ({ width }: Column) => (width === undefined ? '<col>' : `<col class="${width}">`);

function headingOf({ title, note, className }: Column): string {
  const right = className.includes('right') ? ' class="right"' : '';
  const small = note === undefined ? '' : ` <span class="window">${note}</span>`;
  return `<th scope="col" role="columnheader"${right}>${title}${small}</th>`;
}

function cellOf({ title, className, markup }: Column, shown: Shown): string {
  const figures = shown.filter(([, { column }]) => column === title).map(figureOf);
  // The state needs no label: its words say what it is.
  const label = title === 'State' ? '' : ` data-label="${title}"`;
  return `<td role="cell" class="${className}"${label}>${[markup, ...figures].join('\n')}</td>`;
}

/** A place that the page's script fills with the figure of this name. */
function figureOf([name, { format, words, hiddenAt }]: Shown[number]): string {
  const small = words === undefined ? '' : ` class="more" data-words="${words}"`;
  const hidden = hiddenAt === undefined ? '' : ` data-hidden-at="${hiddenAt}"`;
  return `<span${small} data-figure="${name}" data-format="${format}"${hidden}></span>`;
}
