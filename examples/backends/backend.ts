// A backend of the examples.

import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { UrlBackend } from 'evenkeel';
import { type LoadReport, loadReport } from 'evenkeel/load-report';
import { answer } from './endpoints/endpoints.ts';
import { Shop } from './shop/shop.ts';
import { Sockets } from './sockets.ts';

/**
 * Longer than load balancers keep idle connections, so that none is closed just as a request is sent on it.
 */
const KEEP_ALIVE_MS = 60_000;
/** The assumed network capacity of a backend, for its load report. */
const BYTES_PER_SECOND = 125_000_000;

/** Settings of {@link ExampleBackend}. */
export interface ExampleBackendOptions {
  readonly id: string;
  /** @defaultValue `'127.0.0.1'` */
  readonly host?: string;
  /** The port; 0 for a free one, which stays the same afterwards. @defaultValue 0 */
  readonly port?: number;
  /** Size of its cache in pages, at least 1. @defaultValue 170 */
  readonly cachedPages?: number;
}

/**
 * The fault of a running server: it accepts requests and never responds, or it responds with 500 to all
 * requests but health checks.
 */
export type Trouble = 'hangs' | 'fails';

/** A server behind a load balancer: a shop, an echo, and faults on demand. */
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

  /** Its entry in a pool. It must have been opened once. */
  get entry(): UrlBackend & { readonly id: string } {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    return { id: this.id, url: `http://${host}:${this.#port}` };
  }

  /**
   * Starts to listen, with an empty cache and without a fault.
   * @throws the system's error if the port is in use
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

  /** Closes the listener and all connections. */
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

  /** Sets or clears a fault. */
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
    // Requests that began before the server hangs do not get a response, either.
    if (this.shop.sells(path)) this.shop.serve(target, response, () => this.#trouble === 'hangs');
    else void answer({ backend: this.id, request, response, path, query: new URLSearchParams(query) });
  };
}
