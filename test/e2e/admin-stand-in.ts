import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { dashboardPage } from '../../src/gateway/admin/dashboard/dashboard.ts';
import type {
  GatewayBackendStats,
  GatewayExplanation,
  GatewayPoolStats,
  GatewayStats,
  LatencyStats,
} from '../../src/gateway/contracts.ts';

const STARTED_AT = Date.now() - 7_500_000;

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

export function latency(buckets: [number, number][] = []): LatencyStats {
  const count = buckets.reduce((sum, [, one]) => sum + one, 0);
  const [median] = buckets;
  const last = buckets.at(-1);
  return { count, sumMs: 0, p50Ms: median?.[0], p90Ms: last?.[0], p99Ms: last?.[0], buckets };
}

export function aBackend(id: string, overrides: Partial<GatewayBackendStats> = {}): GatewayBackendStats {
  return {
    id,
    url: `http://${id}.test:8080`,
    zone: undefined,
    backup: false,
    weight: 1,
    currentWeight: 1,
    state: 'up',
    alive: true,
    checkFailure: undefined,
    activeConnections: 0,
    requests: 0,
    errors: 0,
    cancelled: 0,
    spills: 0,
    keys: 0,
    share: undefined,
    statuses: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
    latency: latency(),
    ...overrides,
  };
}

export function aPool(
  name: string,
  backends: readonly GatewayBackendStats[],
  overrides: Partial<GatewayPoolStats> = {},
): GatewayPoolStats {
  return {
    name,
    strategy: 'consistent-hash',
    fingerprint: '5f3a9c1e',
    panic: false,
    keys: 0,
    inFlight: 0,
    failover: undefined,
    queue: undefined,
    backends,
    ...overrides,
  };
}

export function aGateway(
  pools: readonly GatewayPoolStats[],
  overrides: Partial<GatewayStats> = {},
): GatewayStats {
  return {
    version: '0.1.0',
    node: 'v20.20.2',
    workers: 1,
    startedAt: STARTED_AT,
    ready: true,
    connections: { open: 0, accepted: 0, refused: 0 },
    requests: {
      total: 0,
      inFlight: 0,
      statuses: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
      cancelled: 0,
      rateLimited: 0,
      errors: {},
    },
    tunnels: { open: 0, total: 0 },
    bytes: { received: 0, sent: 0 },
    latency: latency(),
    pools,
    events: [],
    ...overrides,
  };
}

/** Stands in for the admin listener: serves the page, tells what it is told to tell, and notes all that comes. */
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
