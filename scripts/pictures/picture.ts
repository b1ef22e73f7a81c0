// One picture of a simulation as SVG, for pages that cannot run a script.
import * as Plot from '@observablehq/plot';
import type { ColumnName, SimulationResult } from 'evenkeel/simulator';
import { parseHTML } from 'linkedom';
import { REPORT_COLUMNS } from '../../gateway/src/report/columns.ts';
import type { PlottedSeries } from '../../gateway/src/report/page-data.ts';

/** What a picture shows: a figure over time, or one of each contender with its range over the placements. */
export type Shown =
  | {
      readonly over: 'time';
      readonly series: PlottedSeries;
      readonly title: string;
      readonly isShare?: boolean;
    }
  | { readonly over: 'contenders'; readonly column: ColumnName };

const WIDTH = 760;
const ROW = 26;
/** A palette that readers with any colour vision can tell apart (Okabe and Ito, 2008), on white. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#555555', '#8a6d00'];
const DASHES = ['none', '9 4', '2 4', '12 4 2 4', '5 3', '16 5', '2 2', '8 3 2 3'];
const STYLE = { background: '#fff', color: '#1a2230', fontSize: '13px', fontFamily: 'system-ui, sans-serif' };

/** The picture as the text of an SVG file. */
export function pictureOf(result: SimulationResult, shown: Shown): string {
  const { document } = parseHTML('<body></body>');
  const figure = shown.over === 'time' ? overTime(result, shown) : overContenders(result, shown.column);
  const plot = Plot.plot({ width: WIDTH, document, style: STYLE, ...figure });
  const svg = plot.tagName.toLowerCase() === 'svg' ? plot : plot.querySelector('svg:last-of-type');
  if (svg === null) throw new Error('the plot has no picture');
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  title.textContent = `${result.name}: ${shown.over === 'time' ? shown.title : shown.column}`;
  svg.prepend(title);
  return `${svg.outerHTML}\n`;
}

function overTime(
  { contenders, events, durationMs }: SimulationResult,
  { series, title, isShare = false }: Extract<Shown, { over: 'time' }>,
): Plot.PlotOptions {
  const labels = contenders.map(({ label }) => label);
  const points = contenders.flatMap(({ label, series: all }) =>
    all.atMs.map((atMs, i) => ({ label, seconds: atMs / 1_000, value: all[series][i] ?? Number.NaN })),
  );
  return {
    height: 320,
    marginRight: 150,
    marginLeft: 56,
    x: { label: 'seconds', domain: [0, durationMs / 1_000] },
    y: { label: title, grid: true, zero: series !== 'mostOverMean', ...(isShare && { percent: true }) },
    color: { domain: labels, range: labels.map((_, i) => COLOURS[i % COLOURS.length] as string) },
    marks: [
      Plot.rectX(
        events.filter(({ untilMs }) => untilMs !== undefined),
        {
          x1: ({ atMs }: { atMs: number }) => atMs / 1_000,
          x2: ({ untilMs }: { untilMs: number }) => Math.min(untilMs, durationMs) / 1_000,
          fill: '#7a4a00',
          fillOpacity: 0.08,
        },
      ),
      Plot.ruleX(events, {
        x: ({ atMs }: { atMs: number }) => atMs / 1_000,
        stroke: '#7a4a00',
        strokeDasharray: '3 3',
      }),
      // One line a contender, as a pattern cannot follow the data.
      ...labels.map((label, i) =>
        Plot.lineY(
          points.filter((point) => point.label === label),
          {
            x: 'seconds',
            y: 'value',
            stroke: 'label',
            strokeWidth: 2,
            strokeDasharray: DASHES[i % DASHES.length],
          },
        ),
      ),
      Plot.text(
        labels.map((label) =>
          points.findLast((point) => point.label === label && !Number.isNaN(point.value)),
        ),
        Plot.dodgeY({
          anchor: 'middle',
          x: 'seconds',
          y: 'value',
          text: 'label',
          fill: 'label',
          textAnchor: 'start',
          dx: 6,
          padding: 1,
          r: 7,
        } as Plot.TextOptions) as Plot.TextOptions,
      ),
    ],
  };
}

function overContenders({ contenders, name }: SimulationResult, column: ColumnName): Plot.PlotOptions {
  const { title, unit, format } = REPORT_COLUMNS.find(
    (one) => one.name === column,
  ) as (typeof REPORT_COLUMNS)[number];
  const rows = contenders.flatMap(({ label, figures }) => {
    const figure = figures[column];
    return figure === null ? [] : [{ label, ...figure, text: format(figure.mean) }];
  });
  if (rows.length === 0) throw new Error(`${name} has no figure ${column}`);
  const isPercent = unit.startsWith('%');
  return {
    height: 66 + ROW * rows.length,
    marginBottom: 44,
    marginLeft: 170,
    marginRight: 60,
    x: {
      label: `${title} ${unit}`,
      grid: true,
      zero: column !== 'mostOverMean',
      ...(isPercent && { percent: true }),
    },
    y: { label: null, domain: [...rows].sort((a, b) => a.mean - b.mean).map(({ label }) => label) },
    marks: [
      Plot.ruleY(rows, { y: 'label', x1: 'least', x2: 'most', stroke: '#566173', strokeWidth: 3 }),
      Plot.dot(rows, { y: 'label', x: 'mean', r: 5, fill: '#0072b2' }),
      Plot.text(rows, { y: 'label', x: 'most', text: 'text', dx: 10, textAnchor: 'start' }),
    ],
  };
}
