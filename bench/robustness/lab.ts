// Starts the gateway, backends and processes of a scenario, and ends them.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { GatewayConfigInput } from '../../gateway/src/config/schema.ts';
import type { Certificate } from '../../gateway/test/conformance/certificates.ts';
import { HOST } from '../gateway/ports.ts';
import { type Circumstances, GatewayProcess } from './gateway-process.ts';

/** The settings of a scenario's gateway. All others are the defaults, without a log. */
export type Setting = Omit<GatewayConfigInput, 'listeners' | 'pools'> & {
  readonly backends: readonly string[];
  readonly pool?: Partial<GatewayConfigInput['pools'][string]>;
  /** Of a second listener, which ends TLS. Left out: no such listener. */
  readonly certificate?: Certificate;
};

/** Everything that a scenario starts, so that nothing outlives the scenario. */
export class Lab {
  readonly #gateways = new Set<GatewayProcess>();
  readonly #processes: ChildProcess[] = [];
  readonly #ends: (() => unknown)[] = [];

  /** Starts a gateway for HTTP/1, and for HTTP/2 by prior knowledge. */
  async gateway(
    { backends, pool, certificate, ...config }: Setting,
    circumstances?: Circumstances,
  ): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(
      {
        log: { level: 'silent' },
        ...config,
        listeners: [
          { host: HOST, port: 0, h2c: true },
          ...(certificate === undefined
            ? []
            : [{ host: HOST, port: 0, tls: { certificates: [certificate] } }]),
        ],
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

  /** Registers a function that runs at the end of the scenario. */
  own(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Registers a process that is ended with the scenario. */
  ownProcess(child: ChildProcess): void {
    this.#processes.push(child);
  }

  /** Ends everything. */
  async clear(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) end();
    for (const child of this.#processes) child.kill('SIGKILL');
    await Promise.all([...this.#gateways].map((gateway) => gateway.stop()));
  }

  /** Kills all processes. */
  killAll(): void {
    for (const gateway of this.#gateways) gateway.signal('SIGKILL');
    for (const child of this.#processes) child.kill('SIGKILL');
  }
}
