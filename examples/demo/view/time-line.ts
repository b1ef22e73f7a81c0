import { hitRate } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';
import { scenario } from '../run/scenario.ts';
import { level } from './format.ts';

/** Stands for the part of the stream that is still to come. */
const PENDING = '·';

/** The share of cache hits over the course of a pass: `width` characters for the whole stream. */
export function timeLine({ ledger, stream, sent }: Pass, width: number): string {
  const edges = Array.from({ length: width + 1 }, (_, i) => Math.round((i * stream.length) / width));
  return edges
    .slice(1)
    .map((to, i) => {
      const from = edges[i] as number;
      const rate = from < sent ? hitRate(ledger.tally(from, to)) : null;
      return rate === null ? PENDING : level(rate);
    })
    .join('');
}

/** Marks over a time line that say where the pool changed. */
export function timeMarks({ stepsAt, stream }: Pass, width: number): string {
  const line = stepsAt.reduce((marks, at, step) => {
    const place = Math.floor((at * width) / stream.length);
    return `${marks.padEnd(place)}${scenario[step]?.mark ?? ''} `;
  }, '');
  return line.trimEnd();
}
