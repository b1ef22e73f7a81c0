import type { Socket } from 'node:net';

/** How a tunnel went. */
export interface TunnelEnd {
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/**
 * Both directions between a client and a backend, whatever they say. A client that has said all may still
 * listen; a backend that has said all is gone, and with it the tunnel, when the client has got the rest.
 */
export class Tunnel {
  readonly #client: Socket;
  readonly #backend: Socket;
  #bytesReceived = 0;
  #bytesSent = 0;
  #isOver = false;
  readonly #ended: (end: TunnelEnd) => void;

  /** @param ended - called once, when neither side is open any more */
  constructor(client: Socket, backend: Socket, ended: (end: TunnelEnd) => void) {
    this.#client = client;
    this.#backend = backend;
    this.#ended = ended;
  }

  /**
   * @param fromClient - what came before the tunnel was there
   * @param idleMs - for a tunnel in which nothing moves; 0 for ever
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
      // Whatever moves passes both; but one may be gone while the other does not take what is left.
      side.setTimeout(idleMs, () => this.destroy());
      side.on('error', () => this.destroy());
      // What is still on its way to the other side gets there.
      side.on('close', () => {
        if (other.writableEnded && !other.writableFinished) other.once('finish', () => this.destroy());
        else this.destroy();
      });
    }
    client.pipe(backend);
    backend.pipe(client);
  }

  /** Ends both sides. */
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
