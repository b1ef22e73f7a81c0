import type { GatewayBackendStats, GatewayPoolStats } from '../../../contracts.ts';
import type { BackendActions } from './backend-actions.ts';
import type { BackendItem } from './backend-row.ts';
import type { Dom, View } from './dom.ts';
import type { Formats } from './formats.ts';
import type { Part, Pictures } from './pictures.ts';
import type { Track } from './tracks.ts';

/** What a section shows. */
export interface PoolItem {
  readonly pool: GatewayPoolStats;
  /** Milliseconds on a clock that never jumps. */
  readonly at: number;
  /** The gateway's time, in milliseconds since 1970. */
  readonly now: number;
}

/** Where a section gets the rest. */
export interface PoolParts {
  readonly dom: Dom;
  readonly formats: Formats;
  readonly pictures: Pictures;
  readonly actions: BackendActions;
  readonly row: (item: BackendItem) => View<BackendItem>;
  readonly track: () => Track;
}

/** Makes the sections of pools. */
export function poolSection({ dom, formats, pictures, actions, row, track }: PoolParts) {
  const { find, setText } = dom;
  const { count, counted } = formats;
  const COLOURS = 8;
  /** Fewer backends are found without a filter. */
  const MIN_FILTERED = 9;

  function factsOf({ strategy, keys, inFlight, failover, queue }: GatewayPoolStats): string {
    const retries = Object.values(failover?.retries ?? {}).reduce((sum, one) => sum + one, 0);
    const facts = [strategy, `${count(inFlight)} in flight`, counted(keys, 'key')];
    if (failover !== undefined) facts.push(counted(retries, 'retry', 'retries'));
    if (queue !== undefined) facts.push(`${count(queue.depth)} waiting in the queue`);
    return facts.join(' · ');
  }

  function backendsInWords(backends: readonly GatewayBackendStats[]): string {
    const out = backends.filter(({ alive }) => !alive).length;
    return out === 0
      ? counted(backends.length, 'backend')
      : `${out} of ${counted(backends.length, 'backend')} out`;
  }

  /** How a share of something is divided among backends; `undefined` where somebody's is not known. */
  function partsOf(
    items: readonly BackendItem[],
    shareOf: (item: BackendItem) => number | undefined,
  ): Part[] | undefined {
    const parts = items.map((item) => ({
      name: item.backend.id,
      share: shareOf(item) ?? Number.NaN,
      colour: item.colour,
      isOut: !item.backend.alive,
    }));
    return parts.some(({ share }) => Number.isNaN(share)) ? undefined : parts;
  }

  /** Tracks and colours of the backends of one pool, by their ids. */
  function memory() {
    const known = new Map<string, { track: Track; colour: number }>();
    let next = 0;
    return ({ pool, at, now }: PoolItem): BackendItem[] => {
      const ids = new Set(pool.backends.map(({ id }) => id));
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
      for (const { id, requests, errors, latency } of pool.backends) {
        const own = known.get(id) ?? { track: track(), colour: next++ % COLOURS };
        own.track.add(at, { requests, errors, latency });
        known.set(id, own);
      }
      const topRate = Math.max(0, ...[...known.values()].flatMap((own) => own.track.rates()));
      return pool.backends.map((backend) => {
        const { track, colour } = known.get(backend.id) as { track: Track; colour: number };
        return { pool: pool.name, backend, track, colour, topRate, now };
      });
    };
  }

  return function section({ pool: { name } }: PoolItem): View<PoolItem> {
    const element = dom.copyOf('pool');
    const fill = dom.texts(element);
    const remember = memory();
    const body = find('tbody', element);
    const showRows = dom.list<BackendItem>(body, ({ backend }) => backend.id, row);
    const showHomes = pictures.bar(find('[data-bar="homes"]', element));
    const showRequests = pictures.bar(find('[data-bar="requests"]', element));
    const filter = find<HTMLInputElement>('.filter input', element);
    const add = find('[data-action="add"]', element);

    setText(find('caption', element), `Backends of pool ${name}`);
    add.dataset.pool = name;
    add.setAttribute('aria-label', `${add.textContent} to pool ${name}`);
    add.addEventListener('click', () => actions.askAdd(name));
    filter.setAttribute('aria-label', `Filter the backends of pool ${name}`);
    filter.addEventListener('input', applyFilter);

    function applyFilter(): void {
      const wanted = filter.value.trim().toLowerCase();
      for (const line of body.children as HTMLCollectionOf<HTMLElement>) {
        const words = ['id', 'url', 'place', 'state'].map(
          (slot) => find(`[data-text="${slot}"]`, line).textContent,
        );
        line.hidden = !words.join(' ').toLowerCase().includes(wanted);
      }
    }

    return {
      element,
      update(item) {
        const { pool } = item;
        const items = remember(item);
        fill({
          name: pool.name,
          facts: factsOf(pool),
          fingerprint: pool.fingerprint,
          size: backendsInWords(pool.backends),
        });
        find('.size', element).classList.toggle(
          'is-out',
          pool.backends.some(({ alive }) => !alive),
        );
        find('.panic', element).hidden = !pool.panic;
        find('.empty', element).hidden = items.length > 0;
        find('table', element).hidden = items.length === 0;
        find('.filter', element).hidden = items.length < MIN_FILTERED;
        showRows(items);
        if (filter.value !== '') applyFilter();
        const total = items.reduce((sum, { track }) => sum + track.requests(), 0);
        showHomes(partsOf(items, ({ backend }) => backend.share));
        showRequests(partsOf(items, ({ track }) => (total === 0 ? undefined : track.requests() / total)));
      },
    };
  };
}
