// What other readers make of a byte stream: llhttp as node:http has it, and undici.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Client, type Dispatcher } from 'undici';
import type { Message, Reading } from './own-readers.ts';

/** The end of a connection at which a reader sits. */
class FakeSocket extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }

  setTimeout(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Gives a reader pieces, then the end, and enough turns of the event loop to act on them. */
async function feed(socket: Duplex, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) socket.push(Buffer.from(piece));
  for (let turns = 0; turns < 3; turns++) await turn();
  socket.push(null);
  for (let turns = 0; turns < 4; turns++) await turn();
}

interface Incoming {
  readonly request: IncomingMessage;
  body: string;
  isWhole: boolean;
}

/** Reads requests with llhttp. */
export class LlhttpReader {
  readonly #server: Server;
  #incoming: Incoming[] = [];
  #code: string | undefined;

  constructor() {
    const options = { requireHostHeader: false, maxHeaderSize: 16_384, requestTimeout: 0, headersTimeout: 0 };
    this.#server = createServer(options);
    this.#server.maxHeadersCount = 0;
    const take = (request: IncomingMessage) => {
      const incoming: Incoming = { request, body: '', isWhole: false };
      this.#incoming.push(incoming);
      request.on('data', (chunk: Buffer) => (incoming.body += chunk.toString('latin1')));
      request.on('end', () => (incoming.isWhole = request.complete));
      request.on('error', () => {});
    };
    for (const event of ['request', 'checkContinue', 'checkExpectation', 'dropRequest'])
      this.#server.on(event, take);
    this.#server.on('connect', (request: IncomingMessage) => {
      take(request);
      this.#code ??= 'CONNECT';
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException) => (this.#code ??= error.code ?? 'error'));
  }

  async read(pieces: readonly Buffer[]): Promise<Reading> {
    this.#incoming = [];
    this.#code = undefined;
    const socket = new FakeSocket();
    socket.on('error', () => {});
    this.#server.emit('connection', socket as unknown as Socket);
    await feed(socket, pieces);
    socket.destroy();
    const whole = this.#incoming.filter(({ isWhole }) => isWhole);
    const messages = whole.map(({ request, body }): Message => {
      const { method, url, rawHeaders, rawTrailers } = request;
      return { start: `${method} ${url}`, fields: rawHeaders, body, trailers: rawTrailers };
    });
    const half = this.#incoming.find(({ isWhole }) => !isWhole)?.request;
    const last = half && { start: `${half.method} ${half.url}`, fields: half.rawHeaders };
    return { messages, end: this.#end(last !== undefined), last };
  }

  close(): void {
    this.#server.close();
  }

  #end(isHalf: boolean): string {
    if (this.#code === 'HPE_INVALID_EOF_STATE') return 'half';
    if (this.#code === 'HPE_CLOSED_CONNECTION') return 'closed';
    return this.#code ?? (isHalf ? 'half' : 'end');
  }
}

/** Reads interim responses and the response to a GET, with undici. */
export class UndiciReader {
  readonly #server = createTcpServer();
  #pieces: readonly Buffer[] = [];

  static async start(): Promise<UndiciReader> {
    const reader = new UndiciReader();
    reader.#server.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        for (const piece of reader.#pieces) socket.write(piece);
        socket.end();
      });
    });
    reader.#server.listen(0, '127.0.0.1');
    await once(reader.#server, 'listening');
    return reader;
  }

  async read(pieces: readonly Buffer[]): Promise<Reading> {
    this.#pieces = pieces;
    const { port } = this.#server.address() as AddressInfo;
    const client = new Client(`http://127.0.0.1:${port}`, { maxHeaderSize: 16_384 });
    const handler = new NotingHandler();
    client.dispatch({ path: '/', method: 'GET' }, handler as unknown as Dispatcher.DispatchHandler);
    await handler.ended;
    await client.destroy();
    return handler.reading;
  }

  close(): void {
    this.#server.close();
  }
}

const text = (bytes: Buffer | string) => Buffer.from(bytes).toString('latin1');
/** undici leaves spaces at the end of a value. */
const trimmed = (bytes: Buffer) => text(bytes).replace(/[ \t]+$/, '');

/** The older form of undici's handlers: it is told raw headers. */
class NotingHandler {
  readonly ended: Promise<void>;
  #messages: Message[] = [];
  #head: Pick<Message, 'start' | 'fields'> | undefined;
  #body = '';
  #end = 'half';
  #settle: () => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => (this.#settle = resolve));
  }

  get reading(): Reading {
    return { messages: this.#messages, end: this.#end, last: this.#head };
  }

  onConnect(): void {}

  onHeaders(status: number, raw: Buffer[], _resume: () => void, phrase: string): boolean {
    const message = { start: `${status} ${text(phrase)}`, fields: raw.map(trimmed) };
    if (status >= 100 && status < 200) this.#messages.push({ ...message, body: '', trailers: [] });
    else this.#head = message;
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#body += text(chunk);
    return true;
  }

  onComplete(trailers: Buffer[] | null): void {
    const head = this.#head as Pick<Message, 'start' | 'fields'>;
    this.#messages.push({ ...head, body: this.#body, trailers: (trailers ?? []).map(trimmed) });
    this.#head = undefined;
    this.#end = 'closed';
    this.#settle();
  }

  onError(error: NodeJS.ErrnoException): void {
    const isHalf = /other side closed|terminated|EOF|ECONNRESET|body length does not match/.test(
      error.message,
    );
    this.#end = isHalf ? 'half' : `${error.code ?? ''} ${error.message}`;
    this.#settle();
  }
}
