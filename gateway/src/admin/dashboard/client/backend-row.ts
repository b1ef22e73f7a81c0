// The row of one backend in the table of its pool.
import type { GatewayBackendStats } from '../../../contracts.ts';
import type { BackendActions } from './backend-actions.ts';
import { copyOf, type Fill, find, setAttribute, setText, textsIn, type View } from './dom.ts';
import { figureCells } from './figure-cells.ts';
import { count, milliseconds, percent, rate } from './formats.ts';
import { sparkline } from './pictures.ts';
import type { Track } from './track.ts';

/** What a row shows. */
export interface BackendItem {
  readonly pool: string;
  readonly backend: GatewayBackendStats;
  readonly track: Track;
  readonly colour: number;
  /** Requests per second that reach the upper edge of the picture. */
  readonly topRate: number;
  /** The gateway's time, in milliseconds since 1970. */
  readonly now: number;
}

const STATE_WORDS = { up: 'Up', down: 'Down', draining: 'Draining', barred: 'Barred' } as const;
/** From this error rate on, the rate is red. */
const FAILING = 0.01;

/** Shows one backend, and has the buttons that change it. */
export class BackendRow implements View<BackendItem> {
  readonly element = copyOf('backend');
  readonly #fill: Fill = textsIn(this.element);
  readonly #showFigures = figureCells(this.element);
  readonly #state = find('.state', this.element);
  readonly #icon = find('use', this.#state);
  readonly #spark = find('.spark', this.element);
  readonly #drain = find('[data-action="drain"]', this.element);
  #backend: GatewayBackendStats;

  constructor({ pool, colour, backend }: BackendItem, actions: BackendActions) {
    this.#backend = backend;
    find('.swatch', this.element).classList.add(`colour-${colour}`);
    this.#drain.addEventListener('click', () => {
      void actions.toggleDrain({ pool, id: backend.id }, this.#backend.state === 'draining');
    });
    this.#onClick('weight', () => actions.askWeight(pool, this.#backend));
    this.#onClick('remove', () => actions.askRemove(pool, this.#backend));
  }

  update(item: BackendItem): void {
    const { backend, track, now, topRate } = item;
    this.#backend = backend;
    this.#fill(textsOf(item));
    this.#showFigures(backend, now);
    setAttribute(this.#state, 'data-state', backend.state);
    setAttribute(this.#icon, 'href', `#icon-${backend.state}`);
    this.element.classList.toggle('is-failing', (track.errorRate() ?? 0) >= FAILING);
    const word = backend.state === 'draining' ? 'Resume' : 'Drain';
    setText(this.#drain, word);
    setAttribute(this.#drain, 'aria-label', `${word} ${backend.id}`);
    sparkline(this.#spark, track.rates(), topRate);
  }

  #onClick(action: string, run: () => void): void {
    const button = find(`[data-action="${action}"]`, this.element);
    button.setAttribute('aria-label', `${button.textContent} ${this.#backend.id}`);
    button.addEventListener('click', run);
  }
}

function textsOf({ backend, track }: BackendItem): Record<string, string> {
  return {
    id: backend.id,
    url: urlOf(backend),
    place: placeOf(backend),
    state: STATE_WORDS[backend.state] ?? backend.state,
    reason: reasonOf(backend),
    rate: rate(track.rate()),
    errorRate: percent(track.errorRate()),
    p99: milliseconds(track.quantile(0.99)),
  };
}

function reasonOf({ state, alive, checkFailure, activeConnections }: GatewayBackendStats): string {
  if (state === 'draining') return activeConnections > 0 ? `${count(activeConnections)} left` : 'drained';
  if (state === 'up') return '';
  return [checkFailure, alive ? 'still takes requests' : undefined].filter(Boolean).join('; ');
}

/** Empty if the id is the URL. */
function urlOf({ id, url }: GatewayBackendStats): string {
  return id.replace(/\/$/, '') === url.replace(/\/$/, '') ? '' : url;
}

function placeOf({ zone, backup }: GatewayBackendStats): string {
  return [zone === undefined ? '' : `zone ${zone}`, backup ? 'backup' : '']
    .filter((part) => part !== '')
    .join(' · ');
}
