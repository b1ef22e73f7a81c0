import type { Server } from 'node:net';
import type { ListenerConfig } from '../config/schema.ts';
import type { ListeningAddress } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import type { Context } from '../forwarding/context.ts';
import { Http1Front } from './http1.ts';

/** One address at which clients are served. */
export class Listener {
  readonly #config: ListenerConfig;
  readonly #front: Http1Front;
  readonly #server: Server;
  #accepted = 0;
  #refused = 0;

  /** @param context - what the next request works with */
  constructor(config: ListenerConfig, context: () => Context) {
    this.#config = config;
    this.#front = new Http1Front(context);
    this.#server = this.#front.server;
    this.#server.maxConnections = context().limits.connections;
    this.#server.on('connection', () => this.#accepted++);
    this.#server.on('drop', () => this.#refused++);
  }

  get connections(): { open: number; accepted: number; refused: number } {
    const open = (this.#server as unknown as { _connections: number })._connections;
    return { open, accepted: this.#accepted, refused: this.#refused };
  }

  /** @throws ConfigError where the address cannot be used */
  listen(): Promise<ListeningAddress> {
    const { host, port } = this.#config;
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException) => {
        reject(
          new ConfigError([`cannot listen on ${host ?? '*'}:${port}: ${reasonOf(error)}`], { cause: error }),
        );
      };
      this.#server.once('error', fail);
      this.#server.listen({ port, host, exclusive: false }, () => {
        this.#server.off('error', fail);
        const address = this.#server.address() as { address: string; port: number };
        resolve({ host: address.address, port: address.port, protocol: 'http' });
      });
    });
  }

  /** No further connections; each one that is open ends with its next answer. */
  stopAccepting(): void {
    if (this.#server.listening) this.#server.close();
    this.#front.closeAfterAnswers();
  }

  /** Ends every connection. */
  destroy(): void {
    this.#front.server.closeAllConnections();
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'the address is in use (EADDRINUSE)';
  if (code === 'EACCES') return 'not allowed (EACCES); ports below 1024 need a privilege';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address (EADDRNOTAVAIL)';
  return message;
}
