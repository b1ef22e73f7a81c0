import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { GatewayConfigInput } from '../../gateway/src/config/schema.ts';
import { HOST } from '../gateway/ports.ts';
import { type Circumstances, GatewayProcess } from './gateway-process.ts';

/** What a scenario says of its gateway; the rest is as it comes, without a log. */
export type Setting = Omit<GatewayConfigInput, 'listeners' | 'pools'> & {
  readonly backends: readonly string[];
  readonly pool?: Partial<GatewayConfigInput['pools'][string]>;
};

/** Everything that was started, so that nothing outlives its scenario. */
export class Lab {
  readonly #gateways = new Set<GatewayProcess>();
  readonly #processes: ChildProcess[] = [];
  readonly #ends: (() => unknown)[] = [];

  /** Starts a gateway for HTTP/1, and for HTTP/2 by prior knowledge. */
  async gateway(
    { backends, pool, ...config }: Setting,
    circumstances?: Circumstances,
  ): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(
      {
        log: { level: 'silent' },
        ...config,
        listeners: [{ host: HOST, port: 0, h2c: true }],
        pools: { main: { strategy: 'round-robin', ...pool, backends: [...backends] } },
      },
      circumstances,
    );
    this.#gateways.add(gateway);
    await gateway.listening();
    return gateway;
  }

  /** Starts a backend in this process. */
  async origin(listener: RequestListener, prepare?: (server: Server) => void): Promise<string> {
    const server = createServer({ keepAliveTimeout: 60_000 }, listener);
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => {});
    });
    prepare?.(server);
    server.listen({ port: 0, host: HOST, backlog: 4_096 });
    await once(server, 'listening');
    this.own(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return `http://${HOST}:${(server.address() as AddressInfo).port}`;
  }

  /** Has something ended with the scenario. */
  own(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Has a process ended with the scenario, if it still runs. */
  ownProcess(child: ChildProcess): void {
    this.#processes.push(child);
  }

  /** Ends everything. */
  async clear(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) end();
    for (const child of this.#processes) child.kill('SIGKILL');
    await Promise.all([...this.#gateways].map((gateway) => gateway.stop()));
  }

  /** Ends every process at once. */
  killAll(): void {
    for (const gateway of this.#gateways) gateway.signal('SIGKILL');
    for (const child of this.#processes) child.kill('SIGKILL');
  }
}
