import type { Dom } from './dom.ts';
import type { Formats } from './formats.ts';

/** One part of a whole. */
export interface Part {
  readonly name: string;
  /** 0 to 1, of the whole. */
  readonly share: number;
  readonly colour: number;
  /** Whether it takes no part at the moment. */
  readonly isOut: boolean;
}

export type Pictures = ReturnType<typeof pictures>;

/** Figures as pictures, each with the same in words. */
export function pictures({ find, list, setAttribute }: Dom, { percent }: Formats) {
  /** More parts than this are summed up. */
  const MAX_NAMED = 12;
  const WIDTH = 60;
  const HEIGHT = 20;

  /** What the bar says to those who do not see it. */
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

  function segment() {
    const element = document.createElement('span');
    return {
      element,
      update({ name, share, colour, isOut }: Part): void {
        element.className = `colour-${colour}${isOut ? ' is-out' : ''}`;
        element.style.flexGrow = share.toFixed(5);
        element.title = `${name}: ${percent(share)}${isOut ? ', takes no requests now' : ''}`;
      },
    };
  }

  /** A bar in a figure; hidden where nothing is known. */
  function bar(figure: HTMLElement): (parts: readonly Part[] | undefined) => void {
    const picture = find('.bar', figure);
    const title = find('figcaption', figure).textContent;
    const show = list<Part>(picture, ({ name }) => name, segment);
    return (parts) => {
      figure.hidden = parts === undefined || parts.length === 0;
      if (parts === undefined) return;
      show(parts);
      setAttribute(picture, 'aria-label', `${title}: ${inWords(parts)}`);
    };
  }

  /** The course of a rate, newest to the right. @param top - the rate that reaches the upper edge */
  function sparkline(svg: Element, rates: readonly number[], top: number): void {
    const scale = top > 0 ? (HEIGHT - 2) / top : 0;
    const shown = rates.slice(-WIDTH);
    const points = shown.map((rate, index) => {
      return `${WIDTH - shown.length + 1 + index},${(HEIGHT - 1 - rate * scale).toFixed(1)}`;
    });
    setAttribute(find('polyline', svg), 'points', points.join(' '));
  }

  return { bar, sparkline };
}
