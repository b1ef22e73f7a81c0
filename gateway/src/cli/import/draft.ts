// A configuration in the making: what an import has found, and what it could not take over.
import type { GatewayConfigInput } from '../../config/schema.ts';

type PoolInput = GatewayConfigInput['pools'][string];
type RouteInput = NonNullable<GatewayConfigInput['routes']>[number];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A listener that is being read. */
export type DraftListener = Mutable<GatewayConfigInput['listeners'][number]>;

/** A backend of a pool that is being read. */
export interface DraftBackend {
  url: string;
  id?: string;
  weight?: number;
  backup?: boolean;
}

/** A pool that is being read. */
export interface DraftPool extends Mutable<Omit<PoolInput, 'backends'>> {
  backends: DraftBackend[];
}

/** A line that was not taken over, or not as it was. */
export interface ImportNote {
  readonly line: number;
  readonly text: string;
}

/** What an import makes, and what it has to say about it. */
export class Draft {
  readonly pools = new Map<string, DraftPool>();
  readonly notes: ImportNote[] = [];
  readonly #routes: DraftRoute[] = [];
  readonly #listeners = new Map<string, DraftListener>();

  note(line: number, text: string): void {
    this.notes.push({ line, text });
  }

  /** A listener at an address; the same one for the same address. */
  listener(host: string | undefined, port: number): DraftListener {
    const key = `${host ?? ''}:${port}`;
    let listener = this.#listeners.get(key);
    if (listener === undefined) {
      listener = { ...(host !== undefined && { host }), port };
      this.#listeners.set(key, listener);
    }
    return listener;
  }

  /** Adds a certificate to a listener, once. */
  certify(listener: DraftListener, cert: string, key: string): void {
    const certificates = [...(listener.tls?.certificates ?? [])];
    if (!certificates.some((one) => one.cert === cert)) certificates.push({ cert, key });
    listener.tls = { ...listener.tls, certificates };
  }

  /**
   * A route of clients that come in at some listeners. The first one of the same host, path and listener
   * counts.
   */
  route(route: RouteInput, listeners: readonly DraftListener[], line: number): void {
    const added = { route, listeners };
    const known = this.#routes.find((one) => isSame(one, added));
    if (known === undefined) this.#routes.push(added);
    else if (JSON.stringify(known.route) !== JSON.stringify(route))
      this.note(
        line,
        `${route.host ?? 'any host'} ${route.path}: stands above already, and is left out here`,
      );
  }

  /** The configuration as it may stand in a file. Pools without a route are left out if there are routes. */
  config(): GatewayConfigInput {
    const routes = this.#routes.map(({ route, listeners }) => this.#bound(route, listeners));
    const used = new Set(routes.flatMap(({ pool }) => pool ?? []));
    const pools = [...this.pools].filter(([name]) => used.size === 0 || used.has(name));
    const listeners = [...this.#listeners.values()];
    return {
      listeners: listeners.length > 0 ? listeners : [{ port: 8080 }],
      pools: Object.fromEntries(pools.map(([name, pool]) => [name, poolInput(pool)])),
      ...(routes.length > 0 && { routes }),
    };
  }

  /** A route with the names of its listeners, if there are others as well. */
  #bound(route: RouteInput, listeners: readonly DraftListener[]): RouteInput {
    if (listeners.length === 0 || listeners.length === this.#listeners.size) return route;
    return { ...route, listeners: listeners.map((listener) => this.#nameOf(listener)) };
  }

  #nameOf(listener: DraftListener): string {
    const taken = [...this.#listeners.values()].map(({ name }) => name);
    for (let number = 1; listener.name === undefined; number++) {
      const name = `port-${listener.port}${number > 1 ? `-${number}` : ''}`;
      if (!taken.includes(name)) listener.name = name;
    }
    return listener.name;
  }
}

interface DraftRoute {
  readonly route: RouteInput;
  readonly listeners: readonly DraftListener[];
}

/** Whether two routes cannot be told apart at some listener. */
function isSame(one: DraftRoute, other: DraftRoute): boolean {
  const meet =
    one.listeners.length === 0 || one.listeners.some((listener) => other.listeners.includes(listener));
  return meet && one.route.host === other.route.host && one.route.path === other.route.path;
}

/** A backend is its URL alone where it has nothing else. */
function poolInput({ backends, ...rest }: DraftPool): PoolInput {
  const entries = backends.map((backend) => (Object.keys(backend).length === 1 ? backend.url : backend));
  return { ...rest, backends: entries };
}

/** A name that a pool may have. */
export function poolNameOf(name: string): string {
  return (
    name
      .replace(/[^\w.-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 64) || 'pool'
  );
}
