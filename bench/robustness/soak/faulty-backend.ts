// A backend with faults that records its requests.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { breakOff } from '../../../gateway/src/http1/break-off.ts';
import { SWITCH } from '../../../gateway/test/conformance/cases/websocket-handshake.ts';
import { HOST } from '../../gateway/ports.ts';
import { contentOf } from './content.ts';
import type { Ledger } from './ledger.ts';

/**
 * The faults of a backend: it is dead, resets connections, never responds, closes the connection in mid-body,
 * or responds with 503.
 */
export const FAULTS = ['refuse', 'reset', 'hang', 'die', 'unavailable'] as const;

export type Fault = (typeof FAULTS)[number];

/** A backend that records its requests in a ledger and fails on demand. */
export class FaultyBackend {
  readonly #ledger: Ledger;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #port = 0;
  #fault: Fault | undefined;

  private constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#server = this.#create();
  }

  static async start(ledger: Ledger): Promise<FaultyBackend> {
    const backend = new FaultyBackend(ledger);
    await backend.#listen();
    return backend;
  }

  get url(): string {
    return `http://${HOST}:${this.#port}`;
  }

  get isWell(): boolean {
    return this.#fault === undefined;
  }

  /** Makes the backend fail in this way from now on. */
  fail(fault: Fault): void {
    this.#fault = fault;
    if (fault === 'refuse') this.stop();
    if (fault === 'reset') for (const socket of this.#sockets) breakOff(socket);
  }

  /** Makes the backend healthy again. It never responds to the requests that it left without a response. */
  async revive(): Promise<void> {
    const wasDead = this.#fault === 'refuse';
    this.#fault = undefined;
    if (!wasDead) return;
    this.#server = this.#create();
    await this.#listen();
  }

  /** Closes the backend and all its connections. */
  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, HOST);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #create(): Server {
    const server = createServer((request, response) => this.#take(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
      if (this.#fault === 'reset') breakOff(socket);
    });
    server.on('upgrade', (request, socket, first) => this.#upgrade(request, socket, first));
    return server;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/health') {
      if (this.#fault !== 'hang') response.end('ok');
      return;
    }
    const { id, sentBytes, answerBytes } = orderOf(request);
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (!request.complete) return;
      const isRight =
        request.headers['x-id'] === id && Buffer.concat(chunks).equals(contentOf(id, sentBytes));
      this.#ledger.complete(id, isRight);
      this.#answer(response, id, answerBytes);
    });
  }

  #answer(response: ServerResponse, id: string, bytes: number): void {
    const content = contentOf(id, bytes);
    if (this.#fault === 'hang') return;
    if (this.#fault === 'unavailable') {
      response.writeHead(503, { 'Content-Length': 0 }).end();
      return;
    }
    // Uses both framings of a body: Content-Length and chunked.
    const isChunked = Number(id.slice(1)) % 2 === 0;
    response.writeHead(200, { 'X-Id': id, ...(!isChunked && { 'Content-Length': bytes }) });
    if (this.#fault !== 'die') {
      response.end(content);
      return;
    }
    response.write(content.subarray(0, bytes / 2), () => {
      if (Number(id.slice(1)) % 3 === 0 && response.socket !== null) breakOff(response.socket);
      else response.destroy();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): void {
    if (this.#fault === 'hang') return;
    if (this.#fault !== undefined) {
      socket.destroy();
      return;
    }
    const { id } = orderOf(request);
    this.#ledger.complete(id, request.headers['x-id'] === id);
    socket.write(SWITCH);
    if (first.length > 0) socket.write(first);
    socket.pipe(socket);
  }
}

/** The parts of a path: `/id/bytes of the request body/bytes of the response body`. */
function orderOf({ url = '' }: IncomingMessage): { id: string; sentBytes: number; answerBytes: number } {
  const [, id = '', sent, answer] = url.split('/');
  return { id, sentBytes: Number(sent), answerBytes: Number(answer) };
}

/** The path for a request. */
export function pathOf(order: { id: string; sentBytes: number; answerBytes: number }): string {
  return `/${order.id}/${order.sentBytes}/${order.answerBytes}`;
}
