// Lets readers sort the table of contenders by any column.
import { find } from './dom.ts';

export function sortableTable(): void {
  const table = find<HTMLTableElement>('#figures table');
  const body = find<HTMLTableSectionElement>('tbody', table);
  const headings = [...table.querySelectorAll<HTMLTableCellElement>('thead th')];
  for (const [column, heading] of headings.entries()) {
    heading.querySelector('button')?.addEventListener('click', () => {
      const ascends = heading.getAttribute('aria-sort') !== 'ascending';
      for (const other of headings) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', ascends ? 'ascending' : 'descending');
      const figureIn = (row: HTMLTableRowElement) => Number(row.cells[column]?.dataset.value ?? Number.NaN);
      const rows = [...body.rows].sort((a, b) => {
        const [one, other] = [figureIn(a), figureIn(b)];
        // What has no figure stays at the end.
        if (Number.isNaN(one) || Number.isNaN(other))
          return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
        return ascends ? one - other : other - one;
      });
      body.append(...rows);
    });
  }
}
