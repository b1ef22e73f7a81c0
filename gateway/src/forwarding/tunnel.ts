// A tunnel between a client and a backend.

import type { Socket } from 'node:net';

/** The result of a tunnel. */
export interface TunnelEnd {
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/**
 * Passes bytes between a client and a backend in both directions. A client may end its direction and still
 * receive. When the backend ends its direction, the tunnel is closed after the client has received the rest.
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
