// One picture of the slow-motion play: where every request is at a moment.
import { OUTCOMES, type PageData } from '../page-data.ts';
import { pageColour, sized } from './dom.ts';
import type { UnpackedTrace } from './unpacked-trace.ts';

const LEAST_ROW = 9;
const MOST_ROW = 30;
const HEIGHT = 340;
/** Names of backends stand beside rows that are at least this high. */
const NAMED_ROW = 11;
const NAME_WIDTH = 52;
const DOT = 3.2;
/** More dots than this stand as a number. */
const MOST_WAITING = 14;
const MOST_AT_WORK = 8;

/** Where a dot has come to. */
interface Spot {
  readonly x: number;
  readonly y: number;
}

/**
 * Draws a moment.
 * @param now - milliseconds of the virtual clock
 * @param travelMs - how long before its attempt a dot is on its way, and how long after its end it is seen
 */
export function drawStage(
  canvas: HTMLCanvasElement,
  { backends, balancers }: PageData,
  { requests, attempts }: UnpackedTrace,
  now: number,
  travelMs: number,
): void {
  const width = canvas.clientWidth || 360;
  const row = Math.min(MOST_ROW, Math.max(LEAST_ROW, HEIGHT / Math.max(1, backends.length)));
  const height = Math.round(row * backends.length) + 16;
  const context = sized(canvas, width, height);
  const ink = pageColour('--text');
  const muted = pageColour('--muted');
  const work = pageColour('--accent');
  const hit = pageColour('--good');
  const bad = pageColour('--bad');
  const isNamed = row >= NAMED_ROW;
  const boxLeft = width - MOST_AT_WORK * 2 * DOT - 26 - (isNamed ? NAME_WIDTH : 0);
  const backendAt = (backend: number): Spot => ({ x: boxLeft, y: 8 + row * (backend + 0.5) });
  const balancerAt = (balancer: number): Spot => ({
    x: 14,
    y: (height * (balancer + 0.5)) / balancers,
  });

  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  for (let balancer = 0; balancer < balancers; balancer++) {
    const { x, y } = balancerAt(balancer);
    context.fillStyle = ink;
    context.beginPath();
    context.arc(x, y, Math.min(7, (height / balancers) * 0.35), 0, 2 * Math.PI);
    context.fill();
  }

  const waiting = new Int32Array(backends.length);
  const working = new Int32Array(backends.length);
  for (let i = 0; i < attempts.atMs.length; i++) {
    const at = attempts.atMs[i] as number;
    const end = attempts.endMs[i] as number;
    if (now < at - travelMs || now > end + travelMs) continue;
    const backend = attempts.backend[i] as number;
    const target = backendAt(backend);
    const outcome = OUTCOMES[attempts.outcome[i] as number];
    const hasFailed = outcome !== 'hit' && outcome !== 'miss' && outcome !== 'open';
    if (now < at) {
      const from = balancerAt(requests.balancer[attempts.request[i] as number] ?? 0);
      const part = 1 - (at - now) / travelMs;
      const x = from.x + 10 + (target.x - from.x - 18) * part;
      context.fillStyle = muted;
      disc(context, { x, y: from.y + (target.y - from.y) * part });
    } else if (now <= end) {
      if (now < (attempts.startMs[i] as number)) {
        const place = (waiting[backend] as number)++;
        context.fillStyle = ink;
        if (place < MOST_WAITING) disc(context, { x: target.x - 8 - place * 2.1 * DOT, y: target.y });
      } else {
        const place = (working[backend] as number)++;
        if (place >= MOST_AT_WORK) continue;
        context.fillStyle = work;
        const x = target.x + 8 + place * 2.1 * DOT;
        context.fillRect(x - DOT, target.y - DOT, 2 * DOT, 2 * DOT);
      }
    } else {
      const part = (now - end) / travelMs;
      const spot = { x: target.x + 8 + 24 * part, y: target.y - row * 0.35 * part };
      context.globalAlpha = 1 - part;
      if (hasFailed) cross(context, spot, bad);
      else ring(context, spot, outcome === 'hit' ? hit : work);
      context.globalAlpha = 1;
    }
  }

  for (const [backend, name] of backends.entries()) {
    const { x, y } = backendAt(backend);
    context.strokeStyle = muted;
    context.lineWidth = 1;
    const high = Math.max(4, row - 4);
    context.strokeRect(x, y - high / 2, MOST_AT_WORK * 2.1 * DOT + 6, high);
    if (!isNamed) continue;
    context.fillStyle = muted;
    context.fillText(name, x + MOST_AT_WORK * 2.1 * DOT + 14, y, NAME_WIDTH);
    const more = (waiting[backend] as number) - MOST_WAITING;
    if (more > 0) context.fillText(`+${more}`, x - 36 - MOST_WAITING * 2.1 * DOT, y);
  }
}

function disc(context: CanvasRenderingContext2D, { x, y }: Spot): void {
  context.beginPath();
  context.arc(x, y, DOT, 0, 2 * Math.PI);
  context.fill();
}

function ring(context: CanvasRenderingContext2D, { x, y }: Spot, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(x, y, DOT, 0, 2 * Math.PI);
  context.stroke();
}

function cross(context: CanvasRenderingContext2D, { x, y }: Spot, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x - DOT, y - DOT);
  context.lineTo(x + DOT, y + DOT);
  context.moveTo(x + DOT, y - DOT);
  context.lineTo(x - DOT, y + DOT);
  context.stroke();
}
