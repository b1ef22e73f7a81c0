// The filter above a long table of backends.
import { find } from './dom.ts';

/** A table with fewer rows has no filter. */
const MIN_ROWS = 9;
/** The texts of a row that are searched. */
const SEARCHED = ['id', 'url', 'place', 'state'];

/** Hides the rows that do not have the text of the filter. */
export class RowFilter {
  readonly #label: HTMLElement;
  readonly #field: HTMLInputElement;
  readonly #body: HTMLElement;

  constructor(label: HTMLElement, body: HTMLElement, pool: string) {
    this.#label = label;
    this.#field = find<HTMLInputElement>('input', label);
    this.#body = body;
    this.#field.setAttribute('aria-label', `Filter the backends of pool ${pool}`);
    this.#field.addEventListener('input', () => this.#apply());
  }

  /** Called when the rows have changed. */
  update(): void {
    this.#label.hidden = this.#body.children.length < MIN_ROWS;
    if (this.#field.value !== '') this.#apply();
  }

  #apply(): void {
    const wanted = this.#field.value.trim().toLowerCase();
    for (const row of this.#body.children as HTMLCollectionOf<HTMLElement>) {
      const words = SEARCHED.map((slot) => find(`[data-text="${slot}"]`, row).textContent);
      row.hidden = !words.join(' ').toLowerCase().includes(wanted);
    }
  }
}
