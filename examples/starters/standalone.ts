// A load balancer with an address of its own: backends are added one by one, checked every 10 seconds, and
// shown with their health and their connections.
import { createGateway, type Gateway } from 'evenkeel-gateway';

export class LoadBalancer {
  readonly #address: string;
  readonly #strategy: 'round-robin' | 'least-connections';
  readonly #intervalMs: number;
  readonly #backends: string[] = [];
  #gateway: Gateway | undefined;

  constructor(
    address: string,
    strategy: 'round-robin' | 'least-connections',
    { intervalMs = 10_000 }: { intervalMs?: number } = {},
  ) {
    this.#address = address;
    this.#strategy = strategy;
    this.#intervalMs = intervalMs;
  }

  addBackend(url: string): void {
    this.#backends.push(url);
  }

  /** @returns where it listens */
  async start(): Promise<string> {
    const [host = '', port] = this.#address.split(':');
    this.#gateway = createGateway({
      listeners: [{ ...(host === '' ? {} : { host }), port: Number(port) }],
      pools: {
        backends: {
          strategy: this.#strategy,
          backends: this.#backends,
          health: {
            intervalMs: this.#intervalMs,
            request: { path: '/' },
            // Down if the request fails, or from 500 on.
            expect: { statuses: [[100, 499]] },
          },
        },
      },
    });
    const [listening] = await this.#gateway.listen();
    return `http://localhost:${listening?.port}`;
  }

  getBackendStats(): { url: string; alive: boolean; connections: number }[] {
    const [pool] = this.#gateway?.stats().pools ?? [];
    return (pool?.backends ?? []).map(({ url, alive, activeConnections: connections }) => ({
      url,
      alive,
      connections,
    }));
  }

  async stop(): Promise<void> {
    await this.#gateway?.close(0);
  }
}
