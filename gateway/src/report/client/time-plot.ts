// The plot of one figure over time, with the events marked, and the same numbers as a table.
import uPlot from 'uplot';
import { DASHES } from '../dashes.ts';
import { moment } from '../figure-text.ts';
import { type PageData, PLOTTED, type PlottedSeries } from '../page-data.ts';
import { colourOf, element, find, pageColour, whenLookChanges } from './dom.ts';
import { SERIES_FIGURES } from './series-figures.ts';
import { floatsOf } from './unpacked.ts';

const HEIGHT = 300;
/** Rows of the table: as many as can be read. */
const TABLE_ROWS = 25;

/** Draws the plot into the page, and keeps it up to date with the page's controls. */
export function timePlot(data: PageData): void {
  const box = find('#time-plot');
  const select = find<HTMLSelectElement>('#series');
  const boxes = [...document.querySelectorAll<HTMLInputElement>('#time .legend input')];
  const outputs = [...document.querySelectorAll<HTMLOutputElement>('#time .legend output')];
  const at = floatsOf(data.atMs);
  const names = PLOTTED.filter((name) => data.contenders.some(({ series }) => hasTraces(name, series[name])));
  for (const name of names) {
    const { title, unit } = SERIES_FIGURES[name];
    const option = element('option', unit === '' ? title : `${title} (${unit})`);
    option.value = name;
    select.append(option);
  }
  const hasErrors = data.contenders.some(({ series }) => largestOf(series.errors) > 0);
  select.value = hasErrors ? 'errors' : 'p99Ms';
  let plot: uPlot | undefined;

  const listsOf = (name: PlottedSeries) =>
    data.contenders.map(({ series }) => {
      const packed = series[name];
      return packed === undefined ? at.map(() => Number.NaN) : floatsOf(packed);
    });

  const draw = () => {
    const name = select.value as PlottedSeries;
    const { title, unit, format } = SERIES_FIGURES[name];
    const lists = listsOf(name);
    box.setAttribute('aria-label', `${title} over time for each contender; the table below has the figures`);
    plot?.destroy();
    plot = new uPlot(
      {
        width: box.clientWidth,
        height: HEIGHT,
        cursor: { y: false, points: { size: 7 } },
        scales: { x: { time: false }, y: { range: rangeFor(name) } },
        axes: [
          axis({ values: (_, splits) => splits.map((ms) => moment(ms)) }),
          axis({ size: 64, values: (_, splits) => splits.map((value) => format(value)) }),
        ],
        series: [
          {},
          ...data.contenders.map(({ label }, i) => ({
            label,
            stroke: colourOf(i),
            width: 2,
            dash: [...(DASHES[i % DASHES.length] ?? [])],
            show: boxes[i]?.checked ?? true,
            spanGaps: false,
            points: { show: at.length === 1 },
          })),
        ],
        hooks: {
          drawClear: [(u) => drawEvents(u, data)],
          setCursor: [
            ({ cursor: { idx } }) => {
              for (const [i, output] of outputs.entries()) {
                const value = idx === null || idx === undefined ? undefined : lists[i]?.[idx];
                output.textContent = value === undefined || Number.isNaN(value) ? '' : format(value);
              }
            },
          ],
        },
      },
      // Gaps are null in a plot; NaN would draw to the edge.
      [
        at,
        ...lists.map((list) => Array.from(list, (value) => (Number.isNaN(value) ? null : value))),
      ] as uPlot.AlignedData,
      box,
    );
    fillTable(data, at, lists, `${title}${unit === '' ? '' : `, ${unit}`}`, format);
  };

  select.addEventListener('change', draw);
  for (const [i, input] of boxes.entries())
    input.addEventListener('change', () => plot?.setSeries(i + 1, { show: input.checked }));
  box.addEventListener('keydown', (event) => moveCursor(event, plot, at));
  whenLookChanges(box, draw);
  draw();
}

/** Whether a series is worth a choice: one that is zero all the time is not. */
function hasTraces(name: PlottedSeries, packed: string | undefined): boolean {
  if (packed === undefined) return false;
  return ['errors', 'retries', 'spills', 'moved'].includes(name) ? largestOf(packed) > 0 : true;
}

function largestOf(packed: string | undefined): number {
  if (packed === undefined) return 0;
  return floatsOf(packed).reduce((most, value) => Math.max(value, most), 0);
}

/** Ratios begin at 1, all else at 0. */
function rangeFor(name: PlottedSeries): uPlot.Range.Function {
  return (_, low, high) => {
    if (name === 'mostOverMean') return [1, Math.max(1.1, (high ?? 1) * 1.05)];
    const isShare = SERIES_FIGURES[name].format(1) === '100 %';
    const top = (high ?? 0) === 0 ? 1 : (high as number) * 1.05;
    if (name === 'hits') return [Math.max(0, Math.floor(((low ?? 0) - 0.05) * 10) / 10), 1];
    return [0, isShare ? Math.min(1, top) : top];
  };
}

/** An axis in the colours of the page. */
export function axis(more: uPlot.Axis): uPlot.Axis {
  const muted = pageColour('--muted');
  const border = pageColour('--border');
  return {
    stroke: muted,
    font: '12px system-ui, sans-serif',
    grid: { stroke: border, width: 1 },
    ticks: { stroke: border, width: 1 },
    ...more,
  };
}

/** Events that last are bands, others lines; each has its number above. */
function drawEvents(u: uPlot, { events, durationMs, warmUpMs }: PageData): void {
  const { ctx, bbox } = u;
  const x = (ms: number) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, u.valToPos(ms, 'x', true)));
  const sharpness = devicePixelRatio || 1;
  ctx.save();
  ctx.globalAlpha = 0.5;
  ctx.fillStyle = pageColour('--raised');
  ctx.fillRect(bbox.left, bbox.top, x(warmUpMs) - bbox.left, bbox.height);
  ctx.font = `${11 * sharpness}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  let lastEnd = Number.NEGATIVE_INFINITY;
  for (const [i, { atMs, untilMs }] of events.entries()) {
    const left = x(atMs);
    ctx.fillStyle = pageColour('--leaving');
    if (untilMs !== undefined) {
      ctx.globalAlpha = 0.1;
      ctx.fillRect(left, bbox.top, Math.max(1, x(Math.min(untilMs, durationMs)) - left), bbox.height);
    }
    ctx.globalAlpha = 0.8;
    ctx.fillRect(left, bbox.top, sharpness, bbox.height);
    const text = String(i + 1);
    if (left < lastEnd + 3 * sharpness) continue;
    ctx.globalAlpha = 1;
    ctx.fillText(text, left + 3 * sharpness, bbox.top + 1);
    lastEnd = left + 3 * sharpness + ctx.measureText(text).width;
  }
  ctx.restore();
}

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };

function moveCursor(event: KeyboardEvent, plot: uPlot | undefined, at: Float32Array): void {
  if (plot === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const last = at.length - 1;
  const from = plot.cursor.idx ?? -1;
  const next =
    event.key === 'Home' ? 0 : event.key === 'End' ? last : from + (STEPS[event.key] ?? Number.NaN);
  if (Number.isNaN(next)) return;
  event.preventDefault();
  const index = Math.min(last, Math.max(0, next));
  plot.setCursor({ left: plot.valToPos(at[index] as number, 'x'), top: plot.over.clientHeight / 2 });
}

function fillTable(
  { contenders }: PageData,
  at: Float32Array,
  lists: readonly Float32Array[],
  what: string,
  format: (value: number) => string,
): void {
  const table = element('table');
  table.className = 'plain';
  const caption = element('caption', what);
  caption.className = 'unseen';
  const head = table.createTHead().insertRow();
  for (const text of ['From', ...contenders.map(({ label }) => label)]) {
    const cell = element('th', text);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = table.createTBody();
  const step = Math.max(1, Math.ceil(at.length / TABLE_ROWS));
  for (let i = 0; i < at.length; i += step) {
    const row = body.insertRow();
    const heading = element('th', moment(at[i] as number));
    heading.scope = 'row';
    row.append(heading);
    for (const list of lists) {
      const value = list[i] as number;
      row.append(element('td', Number.isNaN(value) ? '-' : format(value)));
    }
  }
  table.prepend(caption);
  find('#time-table .scroll').replaceChildren(table);
}
