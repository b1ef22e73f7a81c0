// The server behind the gateway: it says what it was asked, and gives browsers their page.
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import type { Seen } from './client.ts';

const PAGE = readFileSync(new URL('./page.html', import.meta.url));

/** A server that runs. */
export interface ToldServer {
  readonly url: string;
  /** Resolves to what the next page tells. */
  told(): Promise<readonly Seen[]>;
  stop(): void;
}

export async function toldServer(): Promise<ToldServer> {
  const tellers = new EventEmitter();
  const http: HttpServer = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      if (request.url?.startsWith('/page')) response.setHeader('Content-Type', 'text/html').end(PAGE);
      else if (request.url === '/events') {
        response.setHeader('Content-Type', 'text/event-stream').write('data: event 1\n\n');
      } else {
        response.setHeader('Content-Type', 'text/plain').end(`${request.method} ${body.length}`);
        if (request.url === '/told') tellers.emit('told', JSON.parse(body.toString()));
      }
    });
  });
  // Before Socket.IO, which destroys upgrades that are not its own after a while.
  const sockets = new WebSocketServer({ noServer: true });
  const io = new Server(http, { destroyUpgrade: false });
  io.on('connection', (socket) => {
    socket.on('say', (text: string, done: (text: string) => void) => done(text));
  });
  http.on('upgrade', (request, socket, head) => {
    if (request.url !== '/ws') return;
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data) => client.send(String(data)));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    told: async () => (await once(tellers, 'told'))[0],
    stop() {
      for (const client of sockets.clients) client.terminate();
      void io.close();
      http.closeAllConnections();
    },
  };
}
