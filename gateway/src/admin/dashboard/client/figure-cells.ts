// Fills the places of a backend's row that name a figure, as the table of figures says.
import type { GatewayBackendStats } from '../../../contracts.ts';
import type { Cell } from '../../../observation/figure.ts';
import { showText } from './dom.ts';
import { count, duration, number, percent } from './formats.ts';

const SHOWN: Readonly<Record<Cell['format'], (value: number, now: number) => string>> = {
  count,
  number,
  percent,
  seconds: (value) => duration(value * 1_000),
  since: (value, now) => duration(now - value),
};

/** @returns what shows the figures of a backend in a row; `now` is the gateway's time */
export function figureCells(row: HTMLElement): (backend: GatewayBackendStats, now: number) => void {
  const places = [...row.querySelectorAll<HTMLElement>('[data-figure]')];
  return (backend, now) => {
    for (const place of places) showText(place, textOf(place.dataset, backend, now));
  };
}

function textOf(place: DOMStringMap, backend: GatewayBackendStats, now: number): string {
  const { figure = '', format, words = '{}', hiddenAt } = place;
  const figures = backend as unknown as Readonly<Record<string, number | undefined>>;
  const value = figures[figure];
  if (value === undefined) return '';
  if (hiddenAt !== undefined && value === (figures[hiddenAt] ?? Number(hiddenAt))) return '';
  return words.replace('{}', SHOWN[format as Cell['format']](value, now));
}
