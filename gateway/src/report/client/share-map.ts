// The map of shares: a row for each backend, time from left to right, the darker the more requests.
import { moment } from '../figure-text.ts';
import { LARGEST_SHARE, NO_SHARE, type PageData } from '../page-data.ts';
import { find, pageColour, sized, whenLookChanges } from './dom.ts';
import { bytesOf, floatsOf } from './unpacked.ts';

const LEAST_HEIGHT = 120;
const MOST_HEIGHT = 420;
const LEGEND_STEPS = 48;

/** Draws the map of the contender that the page's control names. */
export function shareMap(data: PageData): void {
  const canvas = find<HTMLCanvasElement>('#map');
  const select = find<HTMLSelectElement>('#map-of');
  const points = floatsOf(data.atMs).length;
  const { backends, durationMs, events } = data;
  const draw = () => {
    const shares = bytesOf(data.contenders[Number(select.value)]?.shares ?? '');
    const width = canvas.parentElement?.clientWidth ?? 600;
    const inner =
      width - 2 * Number.parseFloat(getComputedStyle(canvas.parentElement as Element).paddingLeft);
    const height = Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, 14 * backends.length));
    const context = sized(canvas, inner, height);
    const colour = scale();
    for (let backend = 0; backend < backends.length; backend++)
      for (let point = 0; point < points; point++) {
        const x = (inner * point) / points;
        const y = (height * backend) / backends.length;
        context.fillStyle = colour(shares[backend * points + point] ?? NO_SHARE);
        context.fillRect(x, y, inner / points + 0.5, height / backends.length + 0.5);
      }
    context.fillStyle = pageColour('--text');
    for (const { atMs } of events) context.fillRect((inner * atMs) / Math.max(1, durationMs), 0, 1, height);
    drawScale(colour);
  };
  canvas.title = `${backends.length} backends from top to bottom, ${moment(durationMs)} from left to right`;
  select.addEventListener('change', draw);
  whenLookChanges(canvas.parentElement as Element, draw);
  draw();
}

/** From the ground of the page to its text, and a hatching that is no share at all. */
function scale(): (byte: number) => string {
  const [low, high] = [rgb(pageColour('--raised')), rgb(pageColour('--accent'))];
  return (byte) => {
    if (byte === NO_SHARE) return pageColour('--surface');
    // The fair share is in the middle of what eyes tell apart.
    const part = Math.sqrt((byte - 1) / 254);
    const mix = low.map((from, i) => Math.round(from + (high[i] as number) * part - from * part));
    return `rgb(${mix.join(' ')})`;
  };
}

function rgb(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function drawScale(colour: (byte: number) => string): void {
  const canvas = find<HTMLCanvasElement>('#map-scale');
  const context = sized(canvas, 192, 12);
  for (let i = 0; i < LEGEND_STEPS; i++) {
    context.fillStyle = colour(1 + Math.round((254 * i) / (LEGEND_STEPS - 1)));
    context.fillRect((192 * i) / LEGEND_STEPS, 0, 192 / LEGEND_STEPS + 0.5, 12);
  }
  context.fillStyle = pageColour('--text');
  context.fillRect(192 / LARGEST_SHARE, 0, 1, 12);
}
