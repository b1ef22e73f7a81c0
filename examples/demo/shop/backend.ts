import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BackendServiceInfo } from '../../../src/index.ts';
import { workMs } from './catalogue.ts';
import { LruCache } from './lru-cache.ts';

const LOOPBACK = '127.0.0.1';
/** Longer than any pass, so that no connection is given up just as a request is put on it. */
const KEEP_ALIVE_MS = 60_000;

/** What is wrong with a server that runs: it takes requests and never answers, or its pages fail though it says that it is well. */
export type Trouble = 'hangs' | 'fails';

/**
 * A server of the shop with a small cache of its own: what is in there is answered at once, anything else takes
 * some milliseconds of work. The header `x-cache` says which it was; `/health` says that it runs.
 */
export class ShopBackend {
  readonly id: string;
  hits = 0;
  misses = 0;
  readonly #cache: LruCache<string>;
  #server: Server | undefined;
  #trouble: Trouble | undefined;
  /** 0 asks the system for a free port; after that it stays the same one. */
  #port = 0;

  constructor(id: string, cachedPages: number) {
    this.id = id;
    this.#cache = new LruCache(cachedPages);
  }

  /** How the pool lists it. It must have been opened once. */
  get entry(): BackendServiceInfo {
    return { id: this.id, IPAddr: LOOPBACK, Port: this.#port };
  }

  /** Starts to listen, with an empty cache: on a free port at first, on the same one later. */
  async open(): Promise<void> {
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, this.#answer);
    server.listen(this.#port, LOOPBACK);
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    this.#cache.clear();
  }

  /** Refuses connections from now on, and ends those that are open. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  /** Gets into trouble, or out of it. */
  suffer(trouble: Trouble | undefined): void {
    this.#trouble = trouble;
  }

  readonly #answer: RequestListener = ({ url: path = '/' }, response) => {
    if (this.#trouble === 'hangs') return;
    if (path === '/health') response.end('ok');
    else if (this.#trouble === 'fails') response.writeHead(500).end('the database is gone\n');
    else this.#serve(path, response);
  };

  #serve(path: string, response: ServerResponse): void {
    const page = this.#cache.get(path);
    if (page !== undefined) {
      this.hits++;
      response.writeHead(200, { 'x-cache': 'hit' }).end(page);
      return;
    }
    this.misses++;
    setTimeout(() => {
      // What was begun before hangs as well.
      if (this.#trouble === 'hangs') return;
      const made = `${path}, made by ${this.id}\n`;
      this.#cache.set(path, made);
      response.writeHead(200, { 'x-cache': 'miss' }).end(made);
    }, workMs(path));
  }
}
