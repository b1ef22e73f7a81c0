// A balancer before picture servers. It ends TLS; signed-in users stay on one server by their JWT; pictures,
// and those who are not signed in, go to the server with the least workload; servers are added and removed
// while it runs.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadReport } from 'evenkeel/load-report';
import { createGateway, type Gateway } from 'evenkeel-gateway';

/** A picture server, which reports its workload under /health. */
export async function createPictureServer(name: string, cpu: () => number): Promise<Server> {
  const report = loadReport({ sample: () => ({ cpu: cpu(), memory: 0.2, network: 0.1 }) });
  const server = createServer((request, response) => {
    if (report(request, response)) return;
    response.end(`${name}: ${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

export const addressOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`;

/** What the balancer is made with. */
export interface PictureOptions {
  readonly cert: string;
  readonly key: string;
  /** Signs the tokens of users. */
  readonly secret: string;
  /** Milliseconds from one health check to the next. */
  readonly intervalMs?: number;
}

/** The load balancer with the methods of its design. */
export class LoadBalancer {
  readonly #gateway: Gateway;

  constructor(servers: readonly string[], { cert, key, secret, intervalMs = 10_000 }: PictureOptions) {
    const common = {
      strategy: 'least-workload' as const,
      backends: [...servers],
      // Beyond 90 % of its processors or memory a server is unhealthy.
      health: { intervalMs, expect: { workload: { cpu: 0.9, memory: 0.9 } } },
    };
    this.#gateway = createGateway({
      listeners: [{ host: '127.0.0.1', port: 0, tls: { certificates: [{ cert, key }] } }],
      pools: {
        pictures: common,
        users: { ...common, sessions: { jwt: { key: secret, algorithms: ['HS256'] } } },
      },
      routes: [
        { path: '/pictures', pool: 'pictures' },
        { path: '/', pool: 'users' },
      ],
    });
  }

  async start(): Promise<string> {
    const [address] = await this.#gateway.listen();
    return `https://localhost:${address?.port}`;
  }

  async addServer(address: string): Promise<void> {
    for (const pool of ['pictures', 'users'])
      await this.#gateway.control.change({ type: 'add', pool, backend: { url: address } });
  }

  async removeServer(address: string): Promise<void> {
    for (const pool of ['pictures', 'users'])
      await this.#gateway.control.change({ type: 'remove', pool, backend: address });
  }

  healthyServers(): string[] {
    const [pictures] = this.#gateway.stats().pools;
    return (pictures?.backends ?? []).filter(({ alive }) => alive).map(({ url }) => url);
  }

  stop(): Promise<void> {
    return this.#gateway.close(0);
  }
}
