// Figures as pictures; what a bar shows is said in words, too.
import { find, setAttribute } from './dom.ts';
import { percent } from './formats.ts';
import { KeyedList } from './keyed-list.ts';

/** One part of a whole. */
export interface Part {
  readonly name: string;
  /** 0 to 1, of the whole. */
  readonly share: number;
  readonly colour: number;
  /** Whether it takes no part at the moment. */
  readonly isOut: boolean;
}

/** More parts than this are summed up. */
const MAX_NAMED = 12;
/** The size of a sparkline in its own units, as in the markup. */
const WIDTH = 60;
const HEIGHT = 20;

/** A bar of parts in a figure of the page. */
export class Bar {
  readonly #figure: HTMLElement;
  readonly #picture: HTMLElement;
  readonly #title: string;
  readonly #segments: KeyedList<Part>;

  constructor(figure: HTMLElement) {
    this.#figure = figure;
    this.#picture = find('.bar', figure);
    this.#title = find('figcaption', figure).textContent;
    this.#segments = new KeyedList(this.#picture, ({ name }) => name, segment);
  }

  /** Hidden if nothing is known. */
  show(parts: readonly Part[] | undefined): void {
    this.#figure.hidden = parts === undefined || parts.length === 0;
    if (parts === undefined) return;
    this.#segments.show(parts);
    setAttribute(this.#picture, 'aria-label', `${this.#title}: ${inWords(parts)}`);
  }
}

/** The course of a rate, newest to the right. @param top - the rate that reaches the upper edge */
export function sparkline(svg: Element, rates: readonly number[], top: number): void {
  const scale = top > 0 ? (HEIGHT - 2) / top : 0;
  const shown = rates.slice(-WIDTH);
  const points = shown.map((rate, index) => {
    return `${WIDTH - shown.length + 1 + index},${(HEIGHT - 1 - rate * scale).toFixed(1)}`;
  });
  setAttribute(find('polyline', svg), 'points', points.join(' '));
}

function segment() {
  const element = document.createElement('span');
  return {
    element,
    update({ name, share, colour, isOut }: Part): void {
      element.className = `colour-${colour}${isOut ? ' is-out' : ''}`;
      element.style.flexGrow = share.toFixed(5);
      element.title = `${name}: ${percent(share)}${isOut ? ', gets no requests now' : ''}`;
    },
  };
}

/** What a bar shows, for screen readers. */
function inWords(parts: readonly Part[]): string {
  if (parts.length <= MAX_NAMED) {
    return parts.map(({ name, share }) => `${name} ${percent(share)}`).join(', ');
  }
  const ordered = [...parts].sort((a, b) => b.share - a.share);
  const [largest, smallest] = [ordered[0] as Part, ordered.at(-1) as Part];
  return (
    `${parts.length} backends, from ${percent(smallest.share)} (${smallest.name})` +
    ` to ${percent(largest.share)} (${largest.name})`
  );
}
