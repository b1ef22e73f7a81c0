import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

/** WebSockets at `/ws`, which echo every message. */
export class Sockets {
  readonly #server = new WebSocketServer({ noServer: true });

  constructor() {
    this.#server.on('connection', (socket) => {
      socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
      // A socket with an error closes by itself.
      socket.on('error', () => {});
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    if (request.url?.split('?')[0] !== '/ws') {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) =>
      this.#server.emit('connection', client, request),
    );
  }

  /** Ends all sockets without a closing handshake. */
  terminate(): void {
    for (const client of this.#server.clients) client.terminate();
  }
}
