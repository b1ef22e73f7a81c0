import type { GatewayBackendStats } from '../../../contracts.ts';
import type { BackendActions } from './backend-actions.ts';
import type { Dom, View } from './dom.ts';
import type { Formats } from './formats.ts';
import type { Pictures } from './pictures.ts';
import type { Track } from './tracks.ts';

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

/** Where rows get the rest. */
export interface RowParts {
  readonly dom: Dom;
  readonly formats: Formats;
  readonly pictures: Pictures;
  readonly actions: BackendActions;
  readonly cellsIn: (row: HTMLElement) => (backend: GatewayBackendStats, now: number) => void;
}

/** Makes the rows of backends. */
export function backendRow({ dom, formats, pictures, actions, cellsIn }: RowParts) {
  const { find, setText, setAttribute } = dom;
  const { count, rate, percent, milliseconds } = formats;
  const WORDS = { up: 'Up', down: 'Down', draining: 'Draining', barred: 'Barred' } as const;

  function reasonOf({ state, alive, checkFailure, activeConnections }: GatewayBackendStats): string {
    if (state === 'draining') return activeConnections > 0 ? `${count(activeConnections)} left` : 'drained';
    if (state === 'up') return '';
    return [checkFailure, alive ? 'still takes requests' : undefined].filter(Boolean).join('; ');
  }

  /** Empty where the id says it already. */
  const urlOf = ({ id, url }: GatewayBackendStats) =>
    id.replace(/\/$/, '') === url.replace(/\/$/, '') ? '' : url;

  const placeOf = ({ zone, backup }: GatewayBackendStats) =>
    [zone === undefined ? '' : `zone ${zone}`, backup ? 'backup' : '']
      .filter((part) => part !== '')
      .join(' · ');

  const textsOf = ({ backend, track }: BackendItem) => ({
    id: backend.id,
    url: urlOf(backend),
    place: placeOf(backend),
    state: WORDS[backend.state] ?? backend.state,
    reason: reasonOf(backend),
    rate: rate(track.rate()),
    errorRate: percent(track.errorRate()),
    p99: milliseconds(track.quantile(0.99)),
  });

  return function row({ pool, colour, backend }: BackendItem): View<BackendItem> {
    const element = dom.copyOf('backend');
    const fill = dom.texts(element);
    const showFigures = cellsIn(element);
    const state = find('.state', element);
    const icon = find('use', state);
    const drain = find('[data-action="drain"]', element);
    const spark = find('.spark', element);
    const { id } = backend;
    let latest = backend;

    find('.swatch', element).classList.add(`colour-${colour}`);
    drain.addEventListener(
      'click',
      () => void actions.toggleDrain({ pool, id }, latest.state === 'draining'),
    );
    const open = { weight: actions.askWeight, remove: actions.askRemove };
    for (const [action, ask] of Object.entries(open)) {
      const button = find(`[data-action="${action}"]`, element);
      button.setAttribute('aria-label', `${button.textContent} ${id}`);
      button.addEventListener('click', () => ask(pool, latest));
    }

    return {
      element,
      update(item) {
        latest = item.backend;
        fill(textsOf(item));
        showFigures(latest, item.now);
        setAttribute(state, 'data-state', latest.state);
        setAttribute(icon, 'href', `#icon-${latest.state}`);
        element.classList.toggle('is-failing', (item.track.errorRate() ?? 0) >= 0.01);
        const word = latest.state === 'draining' ? 'Resume' : 'Drain';
        setText(drain, word);
        setAttribute(drain, 'aria-label', `${word} ${id}`);
        pictures.sparkline(spark, item.track.rates(), item.topRate);
      },
    };
  };
}
