// An honest fake of what a watcher of EndpointSlices needs of the Kubernetes API: lists and watches with
// versions, bookmarks, expired versions, tokens, watches that break off at random, and silence.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PodSpec {
  readonly name: string;
  readonly address: string;
  readonly zone?: string;
  readonly conditions?: {
    readonly ready?: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
}

interface Slice {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly [name: string]: unknown;
}

const PATH = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

export class KubernetesApi {
  url = '';
  lists = 0;
  watches = 0;
  /** Who may ask; `undefined` lets all in. */
  token: string | undefined;
  isSilent = false;
  bookmarkMs = 1_000;
  #version = 100;
  #oldest = 100;
  readonly #slices = new Map<string, Slice>();
  readonly #log: { version: number; type: string; object: Slice }[] = [];
  readonly #watchers = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #timers = new Set<NodeJS.Timeout>();

  async start(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** Sets the pods of a slice; a slice without a name of its own is `shop-1`. */
  set(
    pods: readonly PodSpec[],
    name = 'shop-1',
    ports: unknown = [
      { name: 'http', port: 8080 },
      { name: 'admin', port: 9 },
    ],
  ) {
    const type = this.#slices.has(name) ? 'MODIFIED' : 'ADDED';
    const endpoints = pods.map(({ name: pod, address, zone, conditions = { ready: true } }) => ({
      addresses: [address],
      conditions,
      ...(zone && { zone }),
      targetRef: { kind: 'Pod', name: pod },
    }));
    this.#tell(type, { ...this.#meta(name), addressType: 'IPv4', endpoints, ports });
  }

  remove(name: string): void {
    this.#tell('DELETED', { ...(this.#slices.get(name) as Slice), ...this.#meta(name) });
    this.#slices.delete(name);
  }

  /** Forgets the history: a watch from an older version gets 410. */
  compact(): void {
    this.#oldest = this.#version;
    this.#log.length = 0;
  }

  /** Breaks all connections of watches. */
  drop(): void {
    for (const watcher of this.#watchers) watcher.destroy();
  }

  /**
   * Breaks each watch off at a random time of up to so many milliseconds.
   * @returns a function that ends it
   */
  dropAtRandom(withinMs: number, random: () => number): () => void {
    let timer: NodeJS.Timeout;
    const next = () => {
      timer = setTimeout(() => {
        for (const watcher of this.#watchers) if (random() < 0.7) watcher.destroy();
        next();
      }, random() * withinMs);
    };
    next();
    return () => clearTimeout(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #meta(name: string) {
    const labels = { 'kubernetes.io/service-name': 'shop' };
    const metadata = { name, namespace: 'default', resourceVersion: String(++this.#version), labels };
    return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata };
  }

  #tell(type: string, object: Slice): void {
    this.#slices.set(object.metadata.name, object);
    this.#log.push({ version: this.#version, type, object });
    if (!this.isSilent) for (const watcher of this.#watchers) watcher.write(line({ type, object }));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://a');
    response.setHeader('content-type', 'application/json');
    const isKnown = this.token === undefined || request.headers.authorization === `Bearer ${this.token}`;
    const isRight = searchParams.get('labelSelector') === 'kubernetes.io/service-name=shop';
    if (!isKnown) response.writeHead(401).end('{}');
    else if (pathname !== PATH || !isRight) response.writeHead(404).end('{}');
    else if (searchParams.get('watch') === null) {
      this.lists++;
      const metadata = { resourceVersion: String(this.#version) };
      response.end(
        JSON.stringify({ kind: 'EndpointSliceList', metadata, items: [...this.#slices.values()] }),
      );
    } else this.#watch(response, Number(searchParams.get('resourceVersion')));
  }

  #watch(response: ServerResponse, from: number): void {
    this.watches++;
    if (from < this.#oldest) {
      response.end(line({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }));
      return;
    }
    response.flushHeaders();
    if (!this.isSilent)
      for (const { version, type, object } of this.#log)
        if (version > from) response.write(line({ type, object }));
    this.#watchers.add(response);
    const bookmarks = setInterval(() => {
      const metadata = { resourceVersion: String(this.#version) };
      if (!this.isSilent)
        response.write(line({ type: 'BOOKMARK', object: { kind: 'EndpointSlice', metadata } }));
    }, this.bookmarkMs);
    this.#timers.add(bookmarks);
    response.on('close', () => {
      clearInterval(bookmarks);
      this.#timers.delete(bookmarks);
      this.#watchers.delete(response);
    });
  }
}

const line = (event: object) => `${JSON.stringify(event)}\n`;
