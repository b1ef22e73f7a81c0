// The distribution of latency: how long the slowest requests took, by percentile.
import uPlot from 'uplot';
import { DASHES } from '../dashes.ts';
import { milliseconds } from '../figure-text.ts';
import type { ContenderData, PageData } from '../page-data.ts';
import { colourOf, element, find, whenLookChanges } from './dom.ts';
import { axis } from './time-plot.ts';
import { floatsOf } from './unpacked.ts';

const HEIGHT = 280;
/** Nines: 50 % is 0.3, 99 % is 2, 99.99 % is 4. */
const MOST_NINES = 5;
/** The fastest requests tell little, and stretch the scale. */
const LEAST_NINES = 0.05;
const STEPS = 100;
const PERCENTILES = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];
const MARKED = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];

/** Draws the plot, and fills the table below it. */
export function latencyPlot({ contenders }: PageData): void {
  const box = find('#latency-plot');
  const all = contenders.map((contender) => percentilesOf(contender));
  const most = Math.max(...all.map(({ count }) => count));
  // Where a percentile is less than ten requests it says nothing.
  const nines = Math.max(1, Math.min(MOST_NINES, Math.log10(Math.max(10, most / 10))));
  const xs = Array.from({ length: STEPS + 1 }, (_, i) => LEAST_NINES + ((nines - LEAST_NINES) * i) / STEPS);
  const boxes = [...document.querySelectorAll<HTMLInputElement>('#time .legend input')];
  let plot: uPlot | undefined;
  const draw = () => {
    plot?.destroy();
    plot = new uPlot(
      {
        width: box.clientWidth,
        height: HEIGHT,
        cursor: { y: false },
        scales: { x: { time: false, range: [0, nines] }, y: { distr: 3 } },
        axes: [
          axis({
            splits: () => MARKED.map(ninesOf).filter((x) => x <= nines),
            values: (_, splits) => splits.map((x) => `${percentText(1 - 10 ** -x)} %`),
          }),
          axis({
            size: 64,
            values: (_, splits) => splits.map((ms) => (ms === null ? '' : milliseconds(ms))),
          }),
        ],
        series: [
          {},
          ...contenders.map(({ label }, i) => ({
            label,
            stroke: colourOf(i),
            width: 2,
            dash: [...(DASHES[i % DASHES.length] ?? [])],
            show: boxes[i]?.checked ?? true,
            points: { show: false },
          })),
        ],
      },
      [xs, ...all.map(({ at }) => xs.map((x) => at(1 - 10 ** -x)))] as uPlot.AlignedData,
      box,
    );
  };
  for (const [i, input] of boxes.entries())
    input.addEventListener('change', () => plot?.setSeries(i + 1, { show: input.checked }));
  whenLookChanges(box, draw);
  draw();
  fillTable(contenders, all);
}

interface Percentiles {
  readonly count: number;
  /** The upper end of the step in which a share of all requests has ended; `null` without requests. */
  readonly at: (share: number) => number | null;
}

function percentilesOf({ uptoMs, requests }: ContenderData): Percentiles {
  const ends = floatsOf(uptoMs);
  const sums: number[] = [];
  let count = 0;
  for (const part of floatsOf(requests)) sums.push((count += part));
  const at = (share: number) => {
    const index = sums.findIndex((sum) => sum >= share * count && sum > 0);
    return index < 0 ? null : Math.max(0.001, ends[index] as number);
  };
  return { count, at };
}

const ninesOf = (share: number): number => -Math.log10(1 - share);

function percentText(share: number): string {
  return String(Number((100 * share).toFixed(3)));
}

function fillTable(contenders: readonly ContenderData[], all: readonly Percentiles[]): void {
  const table = find<HTMLTableElement>('#percentiles');
  const head = table.createTHead().insertRow();
  for (const text of ['Contender, ms', ...PERCENTILES.map((share) => `${percentText(share)} %`)]) {
    const cell = element('th', text);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = table.createTBody();
  for (const [i, { label }] of contenders.entries()) {
    const row = body.insertRow();
    const heading = element('th', label);
    heading.scope = 'row';
    row.append(heading);
    for (const share of PERCENTILES) {
      const { count, at } = all[i] as Percentiles;
      const ms = count * (1 - share) < 1 ? null : at(share);
      row.append(element('td', ms === null ? '-' : milliseconds(ms)));
    }
  }
}
