// A backend of `evenkeel demo`.
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadReport } from 'evenkeel/load-report';

const LOOPBACK = '127.0.0.1';
/** Milliseconds of work for a page: the least, and the random part. */
const WORK_MS = { least: 4, spread: 20 };

/** A small server that can be stopped and started again. */
export class DemoBackend {
  readonly id: string;
  readonly #report = loadReport();
  #server: Server | undefined;
  /** 0 takes a free port, which stays the same afterwards. */
  #port = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Known after the first start. */
  get url(): string {
    return `http://${LOOPBACK}:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      if (this.#report(request, response)) return;
      request.resume();
      if (request.url === '/ping') this.#answer(response, 'pong');
      else setTimeout(() => this.#answer(response, request.url ?? ''), workMs());
    });
    server.listen(this.#port, LOOPBACK);
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Refuses connections, and ends open ones. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  #answer(response: ServerResponse, text: string): void {
    const body = `${text} from ${this.id}\n`;
    response.writeHead(200, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  }
}

function workMs(): number {
  return WORK_MS.least + Math.random() * WORK_MS.spread;
}
