import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { UrlBackend } from 'evenkeel';
import { type LoadReport, loadReport } from 'evenkeel/load-report';
import { answer } from './endpoints/endpoints.ts';
import { Shop } from './shop/shop.ts';
import { Sockets } from './sockets.ts';

/**
 * Longer than load balancers keep an idle connection, so that none is closed just as a request is put on it.
 */
const KEEP_ALIVE_MS = 60_000;
/** What the network of a backend is taken to carry, for its load report. */
const BYTES_PER_SECOND = 125_000_000;

/** Settings of {@link ExampleBackend}. */
export interface ExampleBackendOptions {
  readonly id: string;
  /** @defaultValue `'127.0.0.1'` */
  readonly host?: string;
  /** 0 for a free one, which it keeps from then on. @defaultValue 0 */
  readonly port?: number;
  /** Pages that its cache holds, at least 1. @defaultValue 170 */
  readonly cachedPages?: number;
}

/**
 * What is wrong with a server that runs: it takes requests and never answers, or all but its health check
 * gets a 500.
 */
export type Trouble = 'hangs' | 'fails';

/** A server to put a load balancer in front of: a shop, an echo, and faults on demand. */
export class ExampleBackend {
  readonly id: string;
  readonly shop: Shop;
  readonly #host: string;
  #port: number;
  #server: Server | undefined;
  #trouble: Trouble | undefined;
  readonly #sockets = new Sockets();
  readonly #report: LoadReport = loadReport({ bytesPerSecond: BYTES_PER_SECOND });

  constructor({ id, host = '127.0.0.1', port = 0, cachedPages = 170 }: ExampleBackendOptions) {
    this.id = id;
    this.shop = new Shop(id, cachedPages);
    this.#host = host;
    this.#port = port;
  }

  /** How a pool lists it. It must have been opened once. */
  get entry(): UrlBackend & { readonly id: string } {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    return { id: this.id, url: `http://${host}:${this.#port}` };
  }

  /**
   * Starts to listen, with an empty cache and in good health.
   * @throws the system's error where the port is taken
   */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, this.#answer);
    server.on('upgrade', (request, socket, head) => {
      if (this.#trouble === undefined) this.#sockets.upgrade(request, socket, head);
      else if (this.#trouble === 'fails') socket.destroy();
    });
    server.listen(this.#port, this.#host);
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    this.#trouble = undefined;
    this.shop.emptyCache();
  }

  /** Refuses connections from now on, and ends those that are open. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    this.#sockets.terminate();
    await closed;
  }

  /** Gets into trouble, or out of it. */
  suffer(trouble: Trouble | undefined): void {
    this.#trouble = trouble;
  }

  readonly #answer: RequestListener = (request, response) => {
    const { url: target = '/' } = request;
    if (this.#trouble === 'hangs') return;
    response.setHeader('x-backend', this.id);
    if (this.#report(request, response)) return;
    if (this.#trouble === 'fails') {
      response.writeHead(500).end('the database is gone\n');
      return;
    }
    const [path = '', query] = target.split('?', 2);
    // What was begun before it began to hang hangs as well.
    if (this.shop.sells(path)) this.shop.serve(target, response, () => this.#trouble === 'hangs');
    else void answer({ backend: this.id, request, response, path, query: new URLSearchParams(query) });
  };
}
