// A server that notes bytes and writes what it is told, and requests to it.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Deadlines } from 'evenkeel/internal';
import { TestEnv } from '../../../test/support.ts';
import type { BodySink, BodySource } from '../../src/http1/body-source.ts';
import type { ClientCall, ClientRequest, ResponseHandler } from '../../src/http1/client-call.ts';
import { ClientPool, type PoolSettings } from '../../src/http1/client-pool.ts';
import type { ResponseParser } from '../../src/http1/parse-response.ts';
import { requestHead } from '../../src/http1/write.ts';

/** Resolves when a condition holds, asked again after every turn of the event loop. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** A connection as the server has it. */
export class RawConnection {
  readonly socket: Socket;
  text = '';
  isEnded = false;
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => (this.text += bytes.toString('latin1')));
    socket.on('end', () => (this.isEnded = true));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => {});
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until so many empty lines have come: one for each head. */
  async heads(count: number): Promise<void> {
    await until(() => this.text.split('\r\n\r\n').length > count);
  }

  /** Waits until the client has closed it. */
  closed(): Promise<void> {
    return until(() => this.isEnded || this.isClosed);
  }
}

/** What came of a request. */
export class Heard implements ResponseHandler {
  readonly events: string[] = [];
  takesMore = true;
  /** Whether the body had come along with the head. */
  isWhole: boolean | undefined;
  call: ClientCall | undefined;
  socket: Socket | undefined;
  error: Error | undefined;

  get isOver(): boolean {
    return /^(end|failed|upgraded)/.test(this.events.at(-1) ?? '');
  }

  get body(): string {
    return this.events.flatMap((event) => (event.startsWith('data ') ? event.slice(5) : [])).join('');
  }

  /** Without the parts of the body. */
  get outline(): string[] {
    return this.events.filter((event) => !event.startsWith('data '));
  }

  started(call: ClientCall): void {
    this.call = call;
    this.events.push('started');
  }

  interim(head: ResponseParser): void {
    this.events.push(['interim', head.status, ...head.rawHeaders()].join(' '));
  }

  head(head: ResponseParser, isWhole: boolean): boolean {
    this.isWhole = isWhole;
    this.events.push(['head', head.status, head.statusText, ...head.rawHeaders()].join(' '));
    return this.takesMore;
  }

  data(chunk: Buffer): boolean {
    this.events.push(`data ${chunk.toString('latin1')}`);
    return this.takesMore;
  }

  end(trailers: string[] | undefined): void {
    this.events.push(['end', ...(trailers ?? [])].join(' '));
  }

  upgraded(head: ResponseParser, socket: Socket, first: Buffer): void {
    this.socket = socket;
    this.events.push(`upgraded ${head.status} ${first}`);
  }

  failed(error: Error & { code?: string }, isSent: boolean): void {
    this.error = error;
    this.events.push(`failed ${error.code ?? error.message} ${isSent ? 'sent' : 'unsent'}`);
  }

  over(): Promise<void> {
    return until(() => this.isOver);
  }
}

/** A body that is given by hand. */
export class HandBody implements BodySource {
  sink: BodySink | undefined;
  isPaused = false;

  open(sink: BodySink): void {
    this.sink = sink;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

/** A server, and a pool of connections to it on a clock that is moved by hand. */
export class RawServer {
  readonly env = new TestEnv();
  readonly pool: ClientPool;
  readonly connections: RawConnection[] = [];
  readonly #server: Server;

  private constructor(server: Server, settings: Partial<PoolSettings>) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    server.on('connection', (socket) => this.connections.push(new RawConnection(socket)));
    this.pool = new ClientPool(
      {
        limits: { fields: 100, fieldBytes: 8_192 },
        connections: Number.POSITIVE_INFINITY,
        isSecure: false,
        connect: (onread) => connect({ port, host: '127.0.0.1', ...(onread && { onread }) }),
        connectTimeoutMs: 1_000,
        bodyTimeoutMs: 3_000,
        idleMs: 4_000,
        ageMs: Number.POSITIVE_INFINITY,
        requests: Number.POSITIVE_INFINITY,
        ...settings,
      },
      new Deadlines(this.env),
      this.env,
    );
  }

  static async start(settings: Partial<PoolSettings> = {}): Promise<RawServer> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawServer(server, settings);
  }

  close(): void {
    this.pool.destroy();
    for (const { socket } of this.connections) socket.destroy();
    this.#server.close();
  }

  send(request: Partial<ClientRequest> = {}, heard = new Heard()): Heard {
    const { method = 'GET', body, bodyLength } = request;
    const framing =
      body === undefined
        ? []
        : bodyLength === undefined
          ? ['Transfer-Encoding', 'chunked']
          : ['Content-Length', String(bodyLength)];
    heard.call = this.pool.send(
      {
        method,
        head: requestHead(method, '/', ['Host', 'a', ...framing]),
        body: undefined,
        bodyLength: undefined,
        connectTimeoutMs: undefined,
        headTimeoutMs: 2_000,
        bodyTimeoutMs: undefined,
        continueMs: undefined,
        isUpgrade: false,
        signsIn: false,
        owner: undefined,
        ...request,
      },
      heard,
    );
    return heard;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The connection of a number, when it has got so many heads. */
  async connection(index: number, heads = 1): Promise<RawConnection> {
    await until(() => this.connections.length > index);
    const connection = this.connections[index] as RawConnection;
    await connection.heads(heads);
    return connection;
  }
}
