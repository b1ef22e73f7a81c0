// A tunnel between a client and a backend.

import type { Socket } from 'node:net';
import { wasReset } from '../http1/was-reset.ts';

/** The result of a tunnel. */
export interface TunnelEnd {
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/**
 * How long a tunnel without traffic stays open after its backend has ended its direction, in milliseconds: a
 * backend that is gone looks the same as one that still receives.
 */
const HALF_CLOSED_MS = 30_000;

/**
 * Passes bytes between a client and a backend. Either may end its direction and still receive: the tunnel is
 * closed when both have, or nothing has passed for too long.
 */
export class Tunnel {
  readonly #client: Socket;
  readonly #backend: Socket;
  #bytesReceived = 0;
  #bytesSent = 0;
  #isOver = false;
  readonly #ended: (end: TunnelEnd) => void;

  /** @param ended - called once, when both sides are closed */
  constructor(client: Socket, backend: Socket, ended: (end: TunnelEnd) => void) {
    this.#client = client;
    this.#backend = backend;
    this.#ended = ended;
  }

  /**
   * @param fromClient - bytes of the client that were received before
   * @param idleMs - time limit of a tunnel without traffic, in milliseconds; 0 for none
   */
  open(fromClient: Buffer, fromBackend: Buffer, idleMs: number): void {
    const [client, backend] = [this.#client, this.#backend];
    this.#count(fromClient, fromBackend);
    client.on('data', (chunk: Buffer) => (this.#bytesReceived += chunk.length));
    backend.on('data', (chunk: Buffer) => (this.#bytesSent += chunk.length));
    if (fromClient.length > 0) backend.write(fromClient);
    if (fromBackend.length > 0) client.write(fromBackend);
    for (const [side, other] of [
      [client, backend],
      [backend, client],
    ] as const) {
      // All traffic passes both sockets. But one may be closed while the other does not read the rest.
      side.setTimeout(idleMs, () => this.destroy());
      side.on('error', () => this.destroy());
      // Bytes that were already read are still delivered to the other side.
      side.on('close', () => {
        if (other.writableEnded && !other.writableFinished) other.once('finish', () => this.destroy());
        else this.destroy();
      });
    }
    backend.once('end', () => {
      if (wasReset(backend)) {
        backend.destroy();
        return;
      }
      const limitMs = Math.min(idleMs || HALF_CLOSED_MS, HALF_CLOSED_MS);
      client.setTimeout(limitMs);
      backend.setTimeout(limitMs);
    });
    client.pipe(backend);
    backend.pipe(client);
  }

  /** Closes both sides. */
  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#client.destroy();
    this.#backend.destroy();
    this.#ended({ bytesReceived: this.#bytesReceived, bytesSent: this.#bytesSent });
  }

  #count(fromClient: Buffer, fromBackend: Buffer): void {
    this.#bytesReceived += fromClient.length;
    this.#bytesSent += fromBackend.length;
  }
}
