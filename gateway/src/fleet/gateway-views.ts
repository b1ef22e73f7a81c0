// What the gateways of a fleet know of a pool, side by side: each publishes its own view in the store, and
// hears those of the others.
import type { Balancer, Env, Request } from 'evenkeel';
import type { FleetStore, Held } from 'evenkeel/fleet';
import type { ResolvedPool } from '../config/resolved-config.ts';
import { differenceOf, type PoolView, parseView, viewOf } from './pool-view.ts';

/** This process among the gateways of the fleet. */
export interface FleetSelf {
  /** Unique, for the life of the process. */
  readonly id: string;
  /** Where it listens: the same for all workers of a gateway. */
  readonly name: string;
  /** Gets one line for each gateway that differs for long. */
  readonly report: (line: string) => void;
}

/** One gateway, with its workers, as the fleet knows it. */
export interface SeenGateway {
  readonly gateway: string;
  /** Processes of it: more than one if it has workers. */
  readonly processes: number;
  /** Whether it is the gateway that tells. */
  readonly own: boolean;
  /** Several, with commas between, if its workers differ. */
  readonly fingerprint: string;
  readonly backends: number;
  /** How it differs from the one that tells; `undefined` if it does not. */
  readonly difference: string | undefined;
}

/** What is looked at. */
export interface ViewedPool {
  readonly name: string;
  readonly config: ResolvedPool;
  readonly balancer: Balancer<Request>;
}

/** What the process of a gateway publishes. */
interface Told {
  readonly gateway: string;
  readonly fingerprint: string;
  readonly backends: number;
}

/** The same, as another process has it. */
interface Heard extends Told {
  readonly at: number;
}

/** A process that was not heard of for so long is gone. */
const TTL_MS = 30_000;
const BEAT_MS = TTL_MS / 3;
/** The next beat after one that failed. */
const AGAIN_MS = 1_000;
/** What a fingerprint stands for is kept longer, as it is larger and never changes. */
const VIEW_TTL_MS = 600_000;
const VIEW_EVERY_MS = VIEW_TTL_MS / 3;
/** A change may take so long until all gateways have it. */
const PATIENCE_MS = 60_000;
/** Changes that come together are published together. */
const SOON_MS = 100;
/** Of larger pools only the fingerprint is published. */
const MAX_BACKENDS = 1_000;
/** More processes are not shown. */
const MAX_PROCESSES = 1_000;
const MAX_NAME = 200;
const VIEW = 'view';
const UNKNOWN = 'what differs is not known';

/** Publishes what a gateway knows of a pool, and hears what the others know. */
export class GatewayViews {
  readonly #pool: ViewedPool;
  readonly #store: FleetStore;
  readonly #self: FleetSelf;
  readonly #env: Env;
  readonly #others = new Map<string, Heard>();
  /** What fingerprints stand for; `undefined` while it is asked for, or not known. */
  readonly #views = new Map<string, PoolView | undefined>();
  /** Since when gateways differ, by name; `Infinity` where that was told. */
  readonly #differing = new Map<string, number>();
  readonly #ends: (() => void)[];
  /** Whether all others have been heard, and their beats are told. */
  #isCurrent = false;
  /** For each load that waits for its reply, the processes of which news have come since. */
  readonly #loads = new Set<Set<string>>();
  #view: { readonly fingerprint: string; readonly text: string; at: number } | undefined;
  #isPublishing = false;
  #isClosed = false;
  #cancelBeat = () => {};
  #cancelSoon: (() => void) | undefined;
  calls = 0;
  failures = 0;

  constructor(pool: ViewedPool, store: FleetStore, self: FleetSelf, env: Env) {
    this.#pool = pool;
    this.#store = store;
    this.#self = self;
    this.#env = env;
    this.#ends = [
      pool.balancer.subscribe(({ type }) => {
        if (type === 'added' || type === 'removed') this.#publishSoon();
      }),
      store.listen(this.#space, {
        changed: (held) => {
          for (const news of this.#loads) for (const [field] of held) news.add(field);
          this.#hear(held);
        },
        joined: () => {
          // A store that was away may be empty.
          if (this.#view !== undefined) this.#view.at = Number.NEGATIVE_INFINITY;
          this.#isCurrent = false;
          void this.#beat();
        },
        lost: () => {
          this.#isCurrent = false;
        },
      }),
    ];
    this.#nextBeat(BEAT_MS);
  }

  /** All gateways of the fleet, this one first, then by name. */
  stats(): readonly SeenGateway[] {
    const { id, name } = this.#self;
    const { fingerprint } = this.#pool.balancer;
    const own = { gateway: name, fingerprint, backends: this.#pool.balancer.backends.length };
    const byName = new Map<string, Told[]>([[name, []]]);
    for (const told of new Map([[id, own], ...this.#others]).values()) {
      const all = byName.get(told.gateway);
      if (all === undefined) byName.set(told.gateway, [told]);
      else all.push(told);
    }
    const [first, ...rest] = [...byName].map(([gateway, all]) => this.#seen(gateway, all, fingerprint));
    return [first as SeenGateway, ...rest.sort((a, b) => (a.gateway < b.gateway ? -1 : 1))];
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
    this.#cancelBeat();
    this.#cancelSoon?.();
  }

  /** Tells the others that this process ends. Never rejects. */
  async leave(): Promise<void> {
    this.close();
    await this.#count(this.#put('')).catch(() => {});
  }

  #seen(gateway: string, all: readonly Told[], own: string): SeenGateway {
    const fingerprints = [...new Set(all.map(({ fingerprint }) => fingerprint))];
    const other = fingerprints.find((fingerprint) => fingerprint !== own);
    return {
      gateway,
      processes: all.length,
      own: gateway === this.#self.name,
      fingerprint: fingerprints.join(', '),
      backends: Math.max(...all.map(({ backends }) => backends)),
      difference: other === undefined ? undefined : this.#difference(other),
    };
  }

  #difference(fingerprint: string): string {
    const [own, other] = [this.#ownView(), this.#views.get(fingerprint)];
    return own === undefined || other === undefined ? UNKNOWN : differenceOf(own, other);
  }

  get #space(): string {
    return `${this.#pool.name}:gateways`;
  }

  #ownView(): PoolView | undefined {
    const { fingerprint, text } = this.#read();
    if (text === '') return undefined;
    if (!this.#views.has(fingerprint)) this.#views.set(fingerprint, parseView(text));
    return this.#views.get(fingerprint);
  }

  /** The own view as text; empty where the pool is too large. */
  #read() {
    const { balancer, config } = this.#pool;
    const { fingerprint } = balancer;
    if (this.#view?.fingerprint === fingerprint) return this.#view;
    const isSmall = balancer.backends.length <= MAX_BACKENDS;
    const text = isSmall ? JSON.stringify(viewOf(config, balancer.stats().backends)) : '';
    this.#view = { fingerprint, text, at: Number.NEGATIVE_INFINITY };
    return this.#view;
  }

  #publishSoon(): void {
    // The next beat tells what could not be told.
    this.#cancelSoon ??= this.#env.timers.schedule(() => void this.#publish().catch(() => {}), SOON_MS, true);
  }

  #nextBeat(afterMs: number): void {
    this.#cancelBeat();
    if (this.#isClosed) return;
    // Not all gateways at once.
    const delayMs = afterMs * (0.9 + this.#env.random() / 5);
    this.#cancelBeat = this.#env.timers.schedule(() => void this.#beat(), delayMs, true);
  }

  /** Never rejects. */
  async #beat(): Promise<void> {
    this.#nextBeat(BEAT_MS);
    try {
      await this.#publish();
      if (!this.#isCurrent) await this.#hearAll();
      const now = this.#env.clock.now();
      for (const [field, { at }] of this.#others) if (now - at >= TTL_MS) this.#others.delete(field);
      this.#tellDifferences();
      this.#forgetViews();
    } catch {
      // The pool's shared keys tell that the store is away.
      this.#isCurrent = false;
      this.#nextBeat(AGAIN_MS);
    }
  }

  /** Hears all anew, so that processes that are gone leave. */
  async #hearAll(): Promise<void> {
    const news = new Set<string>();
    this.#loads.add(news);
    this.#isCurrent = true;
    try {
      const held = await this.#count(this.#store.load(this.#space));
      const fields = new Set(held.map(([field]) => field));
      for (const field of this.#others.keys())
        if (!fields.has(field) && !news.has(field)) this.#others.delete(field);
      this.#hear(held.filter(([field]) => !news.has(field)));
    } finally {
      this.#loads.delete(news);
    }
  }

  /** Two fleets under one prefix are one by mistake. */
  #tellDifferences(): void {
    const now = this.#env.clock.now();
    const all = this.stats().filter(({ difference }) => difference !== undefined);
    for (const name of this.#differing.keys())
      if (!all.some(({ gateway }) => gateway === name)) this.#differing.delete(name);
    for (const { gateway, difference } of all) {
      const since = this.#differing.get(gateway) ?? now;
      const isDue = now - since >= PATIENCE_MS;
      this.#differing.set(gateway, isDue ? Number.POSITIVE_INFINITY : since);
      if (isDue)
        this.#self.report(
          `fleet: pool ${JSON.stringify(this.#pool.name)} differs at ${gateway}: ${difference}; keys are not shared with it. Another fleet under the same prefix?`,
        );
    }
  }

  async #publish(): Promise<void> {
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    if (this.#isPublishing) return this.#publishSoon();
    if (this.#isClosed) return;
    this.#isPublishing = true;
    try {
      await this.#publishView();
      if (this.#isClosed) return;
      const told: Told = {
        gateway: this.#self.name,
        fingerprint: this.#read().fingerprint,
        backends: this.#pool.balancer.backends.length,
      };
      await this.#count(this.#put(JSON.stringify(told)));
      this.#learnAll();
    } finally {
      this.#isPublishing = false;
    }
  }

  async #publishView(): Promise<void> {
    const view = this.#read();
    const now = this.#env.clock.now();
    if (view.text === '' || now - view.at < VIEW_EVERY_MS) return;
    const claims = [{ field: VIEW, value: view.text, instead: undefined }];
    await this.#count(this.#store.claim(this.#viewSpace(view.fingerprint), claims, VIEW_TTL_MS));
    view.at = now;
  }

  /** @param value - empty for a process that ends */
  #put(value: string): Promise<void> {
    return this.#store.put(this.#space, [[this.#self.id, value]], TTL_MS);
  }

  #hear(held: readonly Held[]): void {
    for (const [field, value] of held) {
      const told = field === this.#self.id ? undefined : parseTold(value);
      if (told === undefined) this.#others.delete(field);
      else if (this.#others.size < MAX_PROCESSES || this.#others.has(field))
        this.#others.set(field, { ...told, at: this.#env.clock.now() });
    }
    this.#learnAll();
  }

  #learnAll(): void {
    const own = this.#pool.balancer.fingerprint;
    for (const { fingerprint } of this.#others.values())
      if (fingerprint !== own && !this.#views.has(fingerprint)) void this.#learn(fingerprint);
  }

  /** Asks what a fingerprint stands for. Never rejects. */
  async #learn(fingerprint: string): Promise<void> {
    this.#views.set(fingerprint, undefined);
    try {
      const held = await this.#count(this.#store.load(this.#viewSpace(fingerprint)));
      const text = held.find(([field]) => field === VIEW)?.[1];
      this.#views.set(fingerprint, text === undefined ? undefined : parseView(text));
    } catch {
      // The next beat forgets it, so that it is asked for again.
    }
  }

  /** Forgets views that no gateway has, and those that were not known. */
  #forgetViews(): void {
    const own = this.#pool.balancer.fingerprint;
    const used = new Set([own, ...[...this.#others.values()].map(({ fingerprint }) => fingerprint)]);
    for (const [fingerprint, view] of this.#views)
      if (view === undefined || !used.has(fingerprint)) this.#views.delete(fingerprint);
  }

  #viewSpace(fingerprint: string): string {
    return `${this.#pool.name}:gateways:${fingerprint}`;
  }

  async #count<T>(answer: Promise<T>): Promise<T> {
    this.calls++;
    try {
      return await answer;
    } catch (error) {
      this.failures++;
      throw error;
    }
  }
}

/** @returns `undefined` for a process that has ended, and for what another program wrote */
function parseTold(text: string): Told | undefined {
  try {
    const { gateway, fingerprint, backends } = JSON.parse(text) as Told;
    if (typeof gateway !== 'string' || !/^[0-9a-f]{1,64}$/.test(fingerprint) || !Number.isInteger(backends))
      return undefined;
    return { gateway: gateway.slice(0, MAX_NAME), fingerprint, backends };
  } catch {
    return undefined;
  }
}
