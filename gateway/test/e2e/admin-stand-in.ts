import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { dashboardPage } from '../../src/admin/dashboard/dashboard.ts';
import type { GatewayExplanation, GatewayStats } from '../../src/contracts.ts';
import { aGateway } from './gateway-figures.ts';

/** A call that changes something, as it came. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** Stands in for the admin listener: serves the page, tells what it is told, and notes all that comes. */
export class AdminStandIn {
  stats: () => GatewayStats | Promise<GatewayStats> = () => aGateway([]);
  explain: () => GatewayExplanation = () => ({ route: undefined, explanation: undefined });
  /** What changes get. */
  change: (call: Call) => Answer = () => ({ status: 200, body: {} });
  /** Asked for where it is set. */
  token: string | undefined;
  readonly calls: Call[] = [];
  /** Targets of all requests. */
  readonly targets: string[] = [];
  #server = http.createServer((request, response) => void this.#serve(request, response));
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Also after a stop, at the same address. */
  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    this.targets.push(url);
    if (method === 'GET' && url === '/') {
      const { html, contentSecurityPolicy } = dashboardPage();
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.setHeader('content-security-policy', contentSecurityPolicy);
      response.end(html);
      return;
    }
    const body = await text(request);
    const call = { method, path: url, headers, body: body === '' ? undefined : JSON.parse(body) };
    const { status, body: answer } = await this.#answer(call);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  async #answer(call: Call): Promise<Answer> {
    if (this.token !== undefined && call.headers.authorization !== `Bearer ${this.token}`) {
      return { status: 401, body: { code: 'ERR_ADMIN_UNAUTHORIZED', message: 'a token is needed' } };
    }
    if (call.method === 'GET' && call.path === '/stats') return { status: 200, body: await this.stats() };
    this.calls.push(call);
    if (call.path.startsWith('/explain?')) return { status: 200, body: this.explain() };
    return this.change(call);
  }
}
