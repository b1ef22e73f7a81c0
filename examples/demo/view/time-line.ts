// The time line: the course of the passes in one picture.

import { hitRate } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';
import { scenario } from '../run/scenario.ts';
import { cut, level, percent } from './format.ts';
import type { Palette } from './palette.ts';
import type { Passes } from './passes.ts';

const LONGEST = 72;
/** The character for the part of the stream that was not sent yet. */
const PENDING = '·';
/** The character for a backend that gets no requests. */
const OUT = '×';
/** The backends that are not in service all the time. */
const unsteady = [...new Set(scenario.map(({ backend }) => backend))];

/**
 * The course of the passes, below marks for the steps: the cache hits of each pass, and the weights of the
 * backends that were not in service all the time.
 */
export function timeLines({ main, other }: Passes, width: number, palette: Palette): string[] {
  const { cyan, dim, yellow, red } = palette;
  const passes = other === undefined ? [main] : [main, other];
  // Both figures are of the same requests, though the second pass may be shorter.
  const same = Math.min(...passes.map(({ sent }) => sent));
  const labels = ['cache hits', ...passes.map(({ strategy }) => strategy), ...unsteady.map(weightLabel)];
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const barWidth = Math.max(10, Math.min(LONGEST, width - labelWidth - 10));
  const line = (label: string, text: string) => `${label.padEnd(labelWidth)}  ${text}`;
  return [
    dim(line('cache hits', cut(timeMarks(main, barWidth), width - labelWidth - 2))),
    ...passes.map((pass, i) => {
      const rate = percent(hitRate(pass.ledger.tally(0, same)));
      const paint = i === 0 ? cyan : yellow;
      return line(pass.strategy, `${paint(hitLine(pass, barWidth))}  ${rate}`);
    }),
    ...unsteady.map((id) => {
      const weights = weightLine(main, id, barWidth);
      // Colours are added last, as their codes have a length, too.
      return line(weightLabel(id), weights.replace(/×+/g, red).replace(/[▁-█]+/g, palette.green));
    }),
  ];
}

function weightLabel(id: string): string {
  return `weight of ${id}`;
}

/** The index in the stream at which each of `width` characters begins, and the end of the last one. */
function edges({ stream }: Pass, width: number): number[] {
  return Array.from({ length: width + 1 }, (_, i) => Math.round((i * stream.length) / width));
}

/** The share of cache hits over the course of a pass: `width` characters for the whole stream. */
function hitLine(pass: Pass, width: number): string {
  const bounds = edges(pass, width);
  return bounds
    .slice(1)
    .map((to, i) => {
      const from = bounds[i] as number;
      const rate = from < pass.sent ? hitRate(pass.ledger.tally(from, to)) : null;
      return rate === null ? PENDING : level(rate);
    })
    .join('');
}

/** The weight of a backend over the course of a pass. */
function weightLine(pass: Pass, id: string, width: number): string {
  return edges(pass, width)
    .slice(0, -1)
    .map((from) => {
      if (from >= pass.sent) return PENDING;
      const share = pass.watch.shareAt(id, from);
      return share === undefined ? ' ' : share === 0 ? OUT : level(share);
    })
    .join('');
}

/** Marks for the steps above a time line; only their first characters if it is narrow. */
function timeMarks({ stage, stream }: Pass, width: number): string {
  const places = stage.stepsAt.map((at) => Math.floor((at * width) / stream.length));
  const marks = places.map((_, step) => scenario[step]?.mark ?? '');
  const isTight = marks.some((mark, i) => (places[i] as number) + mark.length >= (places[i + 1] ?? Infinity));
  return places.reduce((text, place, i) => {
    const mark = marks[i] as string;
    return text.padEnd(place) + (isTight ? mark.slice(0, 1) : mark);
  }, '');
}
