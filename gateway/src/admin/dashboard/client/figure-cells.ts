import type { GatewayBackendStats } from '../../../contracts.ts';
import type { Dom } from './dom.ts';
import type { Formats } from './formats.ts';

/** Fills the places of a backend's row that name a figure, as the table of figures says. */
export function figureCells({ setText }: Dom, formats: Formats) {
  const SHOWN: Readonly<Record<string, (value: number, now: number) => string>> = {
    count: (value) => formats.count(value),
    number: (value) => formats.number(value),
    percent: (value) => formats.percent(value),
    seconds: (value) => formats.duration(value * 1_000),
    since: (value, now) => formats.duration(now - value),
  };

  function textOf(
    { figure = '', format = '', words = '{}', hiddenAt }: DOMStringMap,
    backend: object,
    now: number,
  ) {
    const figures = backend as Readonly<Record<string, number | undefined>>;
    const value = figures[figure];
    if (value === undefined || value === null) return '';
    if (hiddenAt !== undefined && value === (figures[hiddenAt] ?? Number(hiddenAt))) return '';
    return words.replace('{}', SHOWN[format]?.(value, now) ?? String(value));
  }

  /** @returns what shows the figures of a backend; `now` is the gateway's time */
  return function cellsIn(row: HTMLElement): (backend: GatewayBackendStats, now: number) => void {
    const places = [...row.querySelectorAll<HTMLElement>('[data-figure]')];
    return (backend, now) => {
      for (const place of places) {
        const text = textOf(place.dataset, backend, now);
        setText(place, text);
        place.hidden = text === '';
      }
    };
  };
}
