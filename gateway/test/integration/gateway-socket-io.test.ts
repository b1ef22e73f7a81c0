import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { aGateway, atTheEnd, endAll } from './gateway/lab.ts';

afterEach(endAll);

const CLIENTS = 40;

/** A Socket.IO server that tells who it is, and sends each message back. */
async function aSocketServer(): Promise<string> {
  const http: HttpServer = createServer();
  const server = new Server(http, { pingInterval: 2_000, connectionStateRecovery: {} });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  server.on('connection', (socket) => {
    socket.emit('server', url);
    socket.on('say', (text: string, done: (text: string) => void) => done(text));
  });
  atTheEnd(() => server.close());
  return url;
}

/** A client that polls, as one behind its own address. */
class PollingClient {
  readonly #socket: Socket;
  /** Servers that it was connected to, one for each connection. */
  readonly servers: string[] = [];
  readonly errors: string[] = [];

  constructor(url: string, address: string) {
    this.#socket = io(url, {
      transports: ['polling'],
      forceNew: true,
      reconnectionDelay: 10,
      extraHeaders: { 'x-forwarded-for': address },
    });
    this.#socket.on('server', (server: string) => this.servers.push(server));
    this.#socket.on('disconnect', (reason) => this.errors.push(reason));
    this.#socket.on('connect_error', (error) => this.errors.push(error.message));
    atTheEnd(() => this.#socket.disconnect());
  }

  get isOpen(): boolean {
    return this.#socket.connected;
  }

  async say(text: string): Promise<string> {
    return (await this.#socket.timeout(10_000).emitWithAck('say', text)) as string;
  }
}

describe('Socket.IO by polling behind ip-hash', () => {
  // The bound on requests in flight sent polls of 38 clients to servers that did not know them.
  it('breaks none of 40 clients over 4 backends', { timeout: 60_000 }, async () => {
    const backends = await Promise.all(Array.from({ length: 4 }, aSocketServer));
    const { port, gateway } = await aGateway(
      { backends, strategy: 'ip-hash' },
      { trustedProxies: ['127.0.0.1'] },
    );
    const url = `http://127.0.0.1:${port}`;
    const clients = Array.from({ length: CLIENTS }, (_, i) => new PollingClient(url, `198.51.100.${i + 1}`));
    await expect.poll(() => clients.filter(({ isOpen }) => isOpen).length, { timeout: 20_000 }).toBe(CLIENTS);
    for (let round = 0; round < 5; round++) {
      const heard = await Promise.all(clients.map((client, i) => client.say(`${round} ${i}`)));
      expect(heard).toEqual(clients.map((_, i) => `${round} ${i}`));
    }
    const broken = clients.filter(({ servers, errors }) => servers.length !== 1 || errors.length > 0);
    expect(broken).toEqual([]);
    const used = gateway.stats().pools[0]?.backends.filter(({ requests }) => requests > 0) ?? [];
    expect(used.length).toBe(4);
  });
});
