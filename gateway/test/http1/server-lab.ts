// A connection over a socket that is none: bytes go in and come out at once, and the clock is moved by hand.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TestEnv } from '../../../test/support.ts';
import { DeadlineSweep } from '../../src/http1/deadline-sweep.ts';
import type { Fault } from '../../src/http1/parse-head.ts';
import { RequestParser } from '../../src/http1/parse-request.ts';
import {
  type ConnectionFault,
  type RequestHandler,
  ServerConnection,
} from '../../src/http1/server-connection.ts';
import type { ServerRequest } from '../../src/http1/server-request.ts';

/** A socket as far as a connection uses one. */
export class FakeSocket extends Duplex {
  readonly remoteAddress = '192.0.2.1';
  /** What was written to it, with each call of the operating system by itself. */
  readonly pieces: string[] = [];
  isReset = false;
  /** Whether the client takes what is written. */
  isTaking = true;
  onPiece: (piece: Buffer) => void = () => {};
  #untaken: ((error?: Error) => void)[] = [];
  bytesWritten = 0;
  /** How often something was written, or nothing. */
  writes = 0;

  constructor() {
    super({ allowHalfOpen: true, highWaterMark: 65_536, decodeStrings: false });
  }

  get text(): string {
    return this.pieces.join('');
  }

  override _read(): void {}

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.#take([chunk], done);
  }

  override _writev(chunks: { chunk: string | Buffer }[], done: () => void): void {
    this.#take(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  resetAndDestroy(): void {
    this.isReset = true;
    this.destroy();
  }

  /** The client takes what has waited. */
  takeAll(): void {
    this.isTaking = true;
    for (const done of this.#untaken.splice(0)) done();
  }

  /** The client has left before it took what has waited. */
  breakOff(): void {
    for (const done of this.#untaken.splice(0)) done(new Error('EPIPE'));
  }

  #take(chunks: (string | Buffer)[], done: (error?: Error) => void): void {
    const text = chunks
      .map((chunk) => (typeof chunk === 'string' ? chunk : chunk.toString('latin1')))
      .join('');
    this.writes++;
    if (text !== '') this.pieces.push(text);
    for (const chunk of chunks) if (typeof chunk !== 'string') this.onPiece(chunk);
    this.bytesWritten += text.length;
    if (this.isTaking) done();
    else this.#untaken.push(done);
  }
}

export const HEADERS_MS = 10_000;
export const IDLE_MS = 60_000;

/** Serves requests as a test says. */
class Handler implements RequestHandler<string> {
  readonly env = new TestEnv();
  readonly sweep = new DeadlineSweep(this.env);
  readonly headersMs = HEADERS_MS;
  readonly idleMs = IDLE_MS;
  maxRequests = Number.POSITIVE_INFINITY;
  lifetimeMs = () => 600_000;
  readonly keepAlive = 'Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n';
  readonly fieldLimits = { fields: 20, fieldBytes: 2_048, targetBytes: 512 };
  isClosing = false;
  /** `GET /a`, and how each ended. */
  readonly log: string[] = [];
  readonly requests: ServerRequest<string>[] = [];
  readonly faults: string[] = [];
  serve: (request: ServerRequest<string>) => void = (request) => answer(request);

  takeParser(): RequestParser {
    return new RequestParser(this.fieldLimits);
  }

  giveParser(): void {}

  request(request: ServerRequest<string>): void {
    this.requests.push(request);
    const name = `${request.method} ${request.target}`;
    this.log.push(name);
    request.listen({
      drained: () => this.log.push(`${name} drained`),
      closed: (isComplete) => this.log.push(`${name} ${isComplete ? 'done' : 'lost'}`),
    });
    this.serve(request);
  }

  malformed(request: ServerRequest<string>, fault: Fault): void {
    this.log.push(`${request.method} ${request.target} ${fault}`);
    answer(request, 400);
  }

  changesProtocol(request: ServerRequest<string>): boolean {
    return request.rawHeaders.includes('websocket');
  }

  upgrade(request: ServerRequest<string>, _socket: Socket, first: Buffer): void {
    this.log.push(`${request.method} ${request.target} upgrade ${first}`);
  }

  refusal(_peer: string, fault: ConnectionFault, parser: RequestParser | undefined): Buffer {
    this.faults.push(parser?.hasStartLine ? `${fault} ${parser.method} ${parser.target}` : fault);
    return Buffer.from(`refused for ${fault}`);
  }
}

/** Answers with the path, once the whole body has come. */
export function answer(request: ServerRequest<string>, status = 200): void {
  const say = (text: string) => {
    request.writeHead(status, 'OK', ['Content-Length', String(text.length)]);
    request.end(Buffer.from(text), undefined);
  };
  if (request.body === undefined || status !== 200) say(request.target);
  else {
    let body = '';
    request.body.open({
      data: (chunk) => (body += chunk.toString('latin1')),
      end: (trailers) =>
        say(`${request.target} ${body}${trailers === undefined ? '' : ` ${trailers.join()}`}`),
      failed: () => {},
    });
  }
}

/** @param lifetimeMs - after which it is old */
export function aConnection(lifetimeMs = 600_000, isEncrypted = false) {
  const handler = new Handler();
  handler.lifetimeMs = () => lifetimeMs;
  const socket = new FakeSocket();
  if (isEncrypted) Object.assign(socket, { encrypted: true });
  new ServerConnection(socket as unknown as Socket, 'peer', handler);
  const sent = (bytes: string | Buffer) => {
    socket.push(bytes);
    return settled();
  };
  return { handler, socket, sent };
}

/** Lets streams pass on what they have. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
