// The section of one pool: its facts, its bars, the table of its backends, its fleet and its sources.
import type { GatewayBackendStats, GatewayPoolStats } from '../../../contracts.ts';
import type { BackendActions } from './backend-actions.ts';
import { type BackendItem, BackendRow } from './backend-row.ts';
import { copyOf, find, setText, textsIn, type View } from './dom.ts';
import { FleetPanel } from './fleet-panel.ts';
import { count, counted } from './formats.ts';
import { KeyedList } from './keyed-list.ts';
import { Bar, type Part } from './pictures.ts';
import { RowFilter } from './row-filter.ts';
import { SourceList } from './source-list.ts';
import { type PoolItem, TrackedBackends } from './tracked-backends.ts';

/** Shows one pool. */
export class PoolSection implements View<PoolItem> {
  readonly element = copyOf('pool');
  readonly #fill = textsIn(this.element);
  readonly #body = find('tbody', this.element);
  readonly #homes = new Bar(find('[data-bar="homes"]', this.element));
  readonly #requests = new Bar(find('[data-bar="requests"]', this.element));
  readonly #fleet = new FleetPanel(find('.fleet', this.element));
  readonly #sources = new SourceList(find('.sources', this.element));
  readonly #backends = new TrackedBackends();
  readonly #rows: KeyedList<BackendItem>;
  readonly #filter: RowFilter;

  constructor({ pool: { name } }: PoolItem, actions: BackendActions) {
    this.#rows = new KeyedList(
      this.#body,
      ({ backend }) => backend.id,
      (item) => new BackendRow(item, actions),
    );
    this.#filter = new RowFilter(find('.filter', this.element), this.#body, name);
    setText(find('caption', this.element), `Backends of pool ${name}`);
    const add = find('[data-action="add"]', this.element);
    add.dataset.pool = name;
    add.setAttribute('aria-label', `${add.textContent} to pool ${name}`);
    add.addEventListener('click', () => actions.askAdd(name));
  }

  update(item: PoolItem): void {
    const items = this.#backends.update(item);
    this.#showFacts(item.pool);
    this.#rows.show(items);
    this.#filter.update();
    this.#showBars(items);
    this.#fleet.show(item.pool.fleet);
    this.#sources.show(item.pool.discovery);
  }

  #showFacts(pool: GatewayPoolStats): void {
    const { name, fingerprint, backends, panic } = pool;
    this.#fill({ name, facts: factsOf(pool), fingerprint, size: sizeOf(backends) });
    const isPartlyOut = backends.some(({ alive }) => !alive);
    find('.size', this.element).classList.toggle('is-out', isPartlyOut);
    find('.panic', this.element).hidden = !panic;
    find('.empty', this.element).hidden = backends.length > 0;
    find('table', this.element).hidden = backends.length === 0;
  }

  #showBars(items: readonly BackendItem[]): void {
    const total = items.reduce((sum, { track }) => sum + track.requests(), 0);
    this.#homes.show(partsOf(items, ({ backend }) => backend.share));
    this.#requests.show(partsOf(items, ({ track }) => (total === 0 ? undefined : track.requests() / total)));
  }
}

function factsOf({ strategy, keys, inFlight, failover, queue, fleet }: GatewayPoolStats): string {
  const retries = Object.values(failover?.retries ?? {}).reduce((sum, one) => sum + one, 0);
  const facts = [strategy, `${count(inFlight)} in flight`, counted(keys, 'key')];
  if (failover !== undefined) facts.push(counted(retries, 'retry', 'retries'));
  if (queue !== undefined) facts.push(`${count(queue.depth)} waiting in the queue`);
  if (fleet !== undefined && (fleet.differing ?? 0) > 0)
    facts.push(`${count(fleet.differing ?? 0)} of ${count(fleet.gateways.length)} gateways differ`);
  return facts.join(' · ');
}

function sizeOf(backends: readonly GatewayBackendStats[]): string {
  const out = backends.filter(({ alive }) => !alive).length;
  const all = counted(backends.length, 'backend');
  return out === 0 ? all : `${out} of ${all} out`;
}

/** How a share of something is divided among backends; `undefined` if one share is not known. */
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
