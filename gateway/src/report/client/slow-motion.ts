// The slow-motion play: the first requests as dots, from the balancers to the backends, for two contenders
// side by side.
import { moment, percent } from '../figure-text.ts';
import { OUTCOMES, type PageData } from '../page-data.ts';
import { find, whenLookChanges } from './dom.ts';
import { drawStage } from './stage.ts';
import { type Attempts, unpackTrace } from './unpacked-trace.ts';

/** The play takes about this long at the speed that is chosen first, in seconds. */
const FIRST_LENGTH_S = 30;
const SLIDER = 1_000;

/** Wires the controls; without a trace in the data there is nothing to play. */
export function slowMotion(data: PageData): void {
  const traces = data.contenders.map(({ trace }) => (trace === undefined ? undefined : unpackTrace(trace)));
  const endMs = Math.max(0, ...traces.map((trace) => trace?.lastMs ?? 0));
  if (endMs === 0) return;
  const button = find<HTMLButtonElement>('#play-button');
  const speed = find<HTMLSelectElement>('#play-speed');
  const slider = find<HTMLInputElement>('#play-time');
  const clock = find('#play-clock');
  const selects = [...document.querySelectorAll<HTMLSelectElement>('[data-stage]')];
  speed.value = nearestSpeed(speed, endMs);
  let now = 0;
  let lastFrame: number | undefined;

  const draw = () => {
    clock.textContent = `${moment(now)} of ${moment(endMs)}`;
    // How long a dot is on its way: always the same to the eye.
    const travelMs = 400 * Number(speed.value);
    for (const [at, select] of selects.entries()) {
      const trace = traces[Number(select.value)];
      if (trace === undefined) continue;
      drawStage(find<HTMLCanvasElement>(`[data-canvas="${at}"]`), data, trace, now, travelMs);
      find(`[data-caption="${at}"]`).textContent = captionOf(trace, now);
    }
  };
  const show = () => {
    slider.value = String(Math.round((SLIDER * now) / endMs));
    slider.setAttribute('aria-valuetext', moment(now));
    draw();
  };
  const frame = (time: number) => {
    if (lastFrame === undefined) return;
    now = Math.min(endMs, now + (time - lastFrame) * Number(speed.value));
    lastFrame = time;
    show();
    if (now < endMs) requestAnimationFrame(frame);
    else stop();
  };
  const stop = () => {
    lastFrame = undefined;
    button.textContent = now >= endMs ? 'Play again' : 'Play';
    button.setAttribute('aria-pressed', 'false');
  };
  button.addEventListener('click', () => {
    if (lastFrame !== undefined) return stop();
    if (now >= endMs) now = 0;
    lastFrame = performance.now();
    button.textContent = 'Pause';
    button.setAttribute('aria-pressed', 'true');
    requestAnimationFrame(frame);
  });
  slider.addEventListener('input', () => {
    now = (Number(slider.value) / SLIDER) * endMs;
    slider.setAttribute('aria-valuetext', moment(now));
    draw();
  });
  for (const select of selects) select.addEventListener('change', draw);
  whenLookChanges(find('#play'), draw);
  show();
}

function nearestSpeed({ options }: HTMLSelectElement, endMs: number): string {
  const wanted = Math.log(endMs / 1_000 / FIRST_LENGTH_S);
  const distance = (value: string) => Math.abs(Math.log(Number(value)) - wanted);
  return [...options]
    .map(({ value }) => value)
    .reduce((best, value) => (distance(value) < distance(best) ? value : best));
}

function captionOf(
  { attempts, requests }: { attempts: Attempts; requests: { atMs: Float32Array; endMs: Float32Array } },
  now: number,
): string {
  let [begun, ended, hits, misses, failed] = [0, 0, 0, 0, 0];
  for (let i = 0; i < requests.atMs.length; i++) {
    if ((requests.atMs[i] as number) <= now) begun++;
    if ((requests.endMs[i] as number) <= now) ended++;
  }
  for (let i = 0; i < attempts.endMs.length; i++) {
    if ((attempts.endMs[i] as number) > now) continue;
    const outcome = OUTCOMES[attempts.outcome[i] as number];
    if (outcome === 'hit') hits++;
    else if (outcome === 'miss') misses++;
    else if (outcome !== 'open') failed++;
  }
  const facts = [
    `${begun.toLocaleString('en')} requests`,
    `${(begun - ended).toLocaleString('en')} in flight`,
  ];
  if (hits > 0) facts.push(`hits ${percent(hits / (hits + misses))} %`);
  if (failed > 0) facts.push(`${failed.toLocaleString('en')} attempts failed`);
  return facts.join(' · ');
}
