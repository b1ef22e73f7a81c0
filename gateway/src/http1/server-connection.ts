// One client's connection over HTTP/1.1: requests are read from it, and responses written to it in their
// order (RFC 9112 sections 2 to 9).

import type { Socket } from 'node:net';
import { breakOff } from './break-off.ts';
import type { DeadlineSweep, Expiring } from './deadline-sweep.ts';
import { ROLE } from './field-role.ts';
import { BodyParser } from './parse-body.ts';
import { FAULT, type Fault, type FieldLimits, FRAMING, MORE } from './parse-head.ts';
import type { RequestParser } from './parse-request.ts';
import { RequestBody } from './request-body.ts';
import { type ResponseLine, ServerRequest } from './server-request.ts';
import { giveWriteBuffer, takeWriteBuffer } from './write-buffers.ts';

/** Serves the requests of connections. Its methods must not throw. */
export interface RequestHandler<Peer> {
  /** Milliseconds for the head of a request. */
  readonly headersMs: number;
  /** Milliseconds that an idle connection is kept. */
  readonly idleMs: number;
  /** The most requests of one connection, which ends after them. */
  readonly maxRequests: number;
  /** Milliseconds after which a new connection ends with its next response. */
  lifetimeMs(): number;
  /** `Connection` and `Keep-Alive` as lines, which tell clients of the time, and the empty line. */
  readonly keepAlive: string;
  /** Whether each connection ends with its next response. */
  readonly isClosing: boolean;
  readonly sweep: DeadlineSweep;
  /** Limits on trailers. */
  readonly fieldLimits: FieldLimits;
  /** A parser that no connection holds. */
  takeParser(): RequestParser;
  /** Takes a parser back that is not inside of a head. */
  giveParser(parser: RequestParser): void;
  /** Serves a request. `listen` must be called before it returns. */
  request(request: ServerRequest<Peer>): void;
  /** The body of a request is not valid: there will be no more of it. */
  malformed(request: ServerRequest<Peer>, fault: Fault): void;
  /** Whether a request is for another protocol (RFC 9110 section 7.8), and not served as any other. */
  changesProtocol(request: ServerRequest<Peer>): boolean;
  /**
   * Takes over a connection for another protocol.
   * @param first - bytes that came after the head
   */
  upgrade(request: ServerRequest<Peer>, socket: Socket, first: Buffer): void;
  /**
   * The last response on a connection on which something else than a request came, or no request in time.
   * @param parser - what is known of the request
   */
  refusal(peer: Peer, fault: ConnectionFault, parser: RequestParser | undefined): Buffer;
}

/**
 * Why a connection ends with a refusal that belongs to no request: `timeout` for a head that did not come in
 * time, `upgrade` for a request for another protocol while responses are still to come.
 */
export type ConnectionFault = Fault | 'timeout' | 'upgrade';

/** Requests of one connection at a time: a backend works on each. Others of HTTP/2 are as many by default. */
const MAX_PIPELINED = 100;
/** Requests that are begun before other connections have their turn. */
const HEADS_IN_A_TURN = 32;
/** How long the rest of what a client sends is read after the last response (RFC 9112 section 9.6). */
const LINGER_MS = 2_000;
/** Bytes that are read then. */
const MAX_LINGER_BYTES = 67_108_864;
/** Bytes after the last request that are read while its response is under way. */
const MAX_EXTRA_BYTES = 65_536;
/** How long a client that has ended its direction may take nothing before it counts as one that left. */
const HALF_CLOSED_MS = 1_000;

const LEFT = 'the client left before the end of its body';

/** One client's connection. */
export class ServerConnection<Peer> implements ResponseLine, Expiring {
  readonly peer: Peer;
  dueAt: number;
  before: Expiring | undefined;
  after: Expiring | undefined;
  readonly #socket: Socket;
  readonly #handler: RequestHandler<Peer>;
  /** When it ends with its next response. */
  readonly #agesAt: number;
  /** Holds the beginning of a head. */
  #parser: RequestParser | undefined;
  #bodyParser: BodyParser | undefined;
  /** The request whose body is being received. */
  #receiving: ServerRequest<Peer> | undefined;
  /** Received bytes whose turn has not come. */
  #rest: Buffer | undefined;
  /** Requests under way, in the order in which they came. */
  #first: ServerRequest<Peer> | undefined;
  #latest: ServerRequest<Peer> | undefined;
  #count = 0;
  /** Requests that have come. */
  #served = 0;
  /** Whether no further request is read. */
  #isLast = false;
  /** The request with whose response the connection ends, whatever came after it. */
  #lastRequest: ServerRequest<Peer> | undefined;
  /** What came instead of a request; told after all responses. */
  #fault: ConnectionFault | undefined;
  #faultParser: RequestParser | undefined;
  #isReading = false;
  #isLingering = false;
  #isDetached = false;
  #hasClientEnded = false;
  #extraBytes = 0;
  /** Bytes that the client had taken when its time was last prolonged. */
  #bytesTaken = 0;
  /**
   * Told of each write over TLS, where none is over at once; `undefined` otherwise. To ask by an empty write
   * at the end would cost another call of the operating system.
   */
  readonly #written: ((error?: Error | null) => void) | undefined;
  /** The request that is over when all is written. */
  #ending: ServerRequest<unknown> | undefined;

  constructor(socket: Socket, peer: Peer, handler: RequestHandler<Peer>) {
    this.#socket = socket;
    this.peer = peer;
    this.#handler = handler;
    const { now } = handler.sweep;
    this.dueAt = now + handler.headersMs;
    this.#agesAt = now + handler.lifetimeMs();
    handler.sweep.add(this);
    this.#written = 'encrypted' in socket ? this.#onWritten : undefined;
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    // `close` follows.
    socket.on('error', ignore);
  }

  get keepAlive(): string {
    return this.#handler.keepAlive;
  }

  get isBlocked(): boolean {
    return this.#socket.writableNeedDrain;
  }

  write(text: string, chunk: Buffer | undefined, after: string): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    if (chunk === undefined) {
      if (text === '') return true;
      socket.write(text, 'latin1', this.#written);
    } else this.#writeCopy(text, chunk, after);
    // What the operating system has taken does not wait, whatever its size.
    return socket.writableLength === 0 || !socket.writableNeedDrain;
  }

  ended(request: ServerRequest<unknown>): void {
    const socket = this.#socket;
    if (socket.writableLength === 0) this.#finished(request);
    else if (this.#written !== undefined) this.#ending = request;
    else if (socket.writable)
      socket.write('', (error) => {
        if (!error) this.#finished(request);
      });
  }

  endsWith(request: ServerRequest<unknown>): boolean {
    if (request === this.#lastRequest) return true;
    if (request !== this.#latest) return false;
    const { isClosing, sweep } = this.#handler;
    if (isClosing || this.#hasClientEnded || sweep.now >= this.#agesAt) this.#isLast = true;
    return this.#isLast && this.#fault === undefined;
  }

  endAfter(request: ServerRequest<unknown>): void {
    // No request may be acted on that comes after it.
    this.#isLast = true;
    this.#lastRequest = request as ServerRequest<Peer>;
  }

  destroy(): void {
    // Where the end of the connection would be the end of the response, only a reset says that it is broken
    // off.
    if (this.#first?.version === '1.0') breakOff(this.#socket);
    else this.#socket.destroy();
  }

  expire(): void {
    if (this.#isLingering) this.#socket.destroy();
    else if (this.#hasClientEnded) this.#checkProgress();
    else if (this.#parser !== undefined) this.#refuse('timeout', this.#parser);
    else if (this.#first === undefined) this.#end();
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#rest !== undefined) this.#rest = Buffer.concat([this.#rest, bytes]);
    else this.#read(bytes);
  };

  readonly #onWritten = (error?: Error | null): void => {
    const ending = this.#ending;
    if (ending === undefined || error || this.#socket.writableLength > 0) return;
    this.#ending = undefined;
    this.#finished(ending);
  };

  /** Copies what is written: the chunk is the caller's. */
  #writeCopy(text: string, chunk: Buffer, after: string): void {
    const socket = this.#socket;
    const size = text.length + chunk.length + after.length;
    const buffer = takeWriteBuffer(size);
    if (text !== '') buffer.write(text, 0, 'latin1');
    chunk.copy(buffer, text.length);
    if (after !== '') buffer.write(after, size - after.length, 'latin1');
    // Not when the socket drains: one that never holds much, as over TLS, never says so.
    socket.write(buffer.subarray(0, size), (error) => {
      giveWriteBuffer(buffer);
      this.#written?.(error);
    });
  }

  readonly #onDrain = (): void => this.#first?.events.drained();

  /** The client has ended its direction. It may still read (RFC 9112 section 9.6). */
  readonly #onEnd = (): void => {
    this.#hasClientEnded = true;
    this.#isLast = true;
    const receiving = this.#receiving;
    if (this.#isLingering) this.#socket.destroy();
    else if (this.#parser?.isEmpty === false && this.#first === undefined)
      this.#refuse('syntax', this.#parser);
    // A part of a request is no way to say that responses are still read.
    else if (this.#parser?.isEmpty === false) this.#socket.destroy();
    else if (this.#first === undefined) this.#end();
    else {
      this.#bytesTaken = this.#taken;
      this.dueAt = this.#handler.sweep.now + HALF_CLOSED_MS;
      if (receiving !== undefined) this.#loseBody(receiving, new Error(LEFT));
    }
  };

  readonly #onClose = (): void => {
    this.#handler.sweep.delete(this);
    // A stream that is destroyed still delivers what it has read, if someone resumes it.
    this.#socket.off('data', this.#onData);
    this.#rest = this.#parser = undefined;
    this.#receiving?.body?.fail(new Error(LEFT));
    this.#receiving = undefined;
    this.#leave();
  };

  readonly #resumeReading = (): void => {
    if (this.#isReading || this.#socket.destroyed) return;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#read(rest);
    if (this.#rest === undefined && this.#receiving?.body?.isFull !== true && !this.#isDetached)
      this.#socket.resume();
  };

  #read(bytes: Buffer): void {
    this.#isReading = true;
    let heads = 0;
    for (let position = 0; position >= 0 && position < bytes.length; ) {
      if (this.#receiving !== undefined) position = this.#readBody(this.#receiving, bytes, position);
      else if (this.#isLast) {
        this.#discard(bytes.length - position);
        break;
      } else if (heads++ < HEADS_IN_A_TURN) position = this.#readHead(bytes, position);
      else {
        this.#wait(bytes, position);
        setImmediate(this.#resumeReading);
        break;
      }
      const body = this.#receiving?.body;
      if (body?.isFull) {
        body.isHeld = true;
        this.#wait(bytes, position);
        break;
      }
    }
    this.#isReading = false;
  }

  /** Leaves bytes for later. */
  #wait(bytes: Buffer, position: number): void {
    if (position < bytes.length) this.#rest = bytes.subarray(position);
    this.#socket.pause();
  }

  /** Reads over bytes that belong to no request. */
  #discard(size: number): void {
    this.#extraBytes += size;
    if (this.#isLingering) {
      if (this.#extraBytes > MAX_LINGER_BYTES) this.#socket.destroy();
    } else if (this.#extraBytes > MAX_EXTRA_BYTES) this.#socket.pause();
  }

  /** @returns the position after the head, or a negative number */
  #readHead(bytes: Buffer, from: number): number {
    const handler = this.#handler;
    const parser = this.#parser ?? handler.takeParser();
    const next = parser.read(bytes, from, bytes.length);
    if (next === MORE) {
      if (this.#parser === undefined && this.#served > 0) this.dueAt = handler.sweep.now + handler.headersMs;
      this.#parser = parser;
      return MORE;
    }
    this.#parser = undefined;
    if (next !== FAULT) return this.#begin(parser, bytes, next);
    this.#refuse(parser.fault as Fault, parser);
    return FAULT;
  }

  /**
   * Begins a request. @returns the position after the head and what came of the body, or a negative number
   */
  #begin(parser: RequestParser, bytes: Buffer, from: number): number {
    const handler = this.#handler;
    const request = new ServerRequest(this, this.peer, parser);
    request.isUnbounded = parser.bodyFault !== undefined;
    const framing = request.isUnbounded ? FRAMING.NONE : parser.framing;
    const { contentLength } = parser;
    const isUpgrade = parser.hasUpgrade && parser.minorVersion === 1 && parser.hasField(ROLE.UPGRADE);
    if (request.isUnbounded || !parser.isPersistent || request.method === 'CONNECT') this.#isLast = true;
    if (isUpgrade && handler.changesProtocol(request)) {
      handler.giveParser(parser);
      if (this.#first !== undefined) this.#refuse('upgrade', undefined);
      else {
        this.#detach();
        handler.upgrade(request, this.#socket, bytes.subarray(from));
      }
      return FAULT;
    }
    this.#enqueue(request);
    let position = from;
    if (framing !== FRAMING.NONE) {
      request.body = new RequestBody(this.#resumeReading);
      this.#bodyParser ??= new BodyParser(handler.fieldLimits);
      this.#bodyParser.begin(framing, contentLength);
      this.#receiving = request;
      // What came along is known before the request is served: a small body is whole then.
      position = this.#receive(request, bytes, from);
    }
    request.parsed = parser;
    handler.request(request);
    request.parsed = undefined;
    handler.giveParser(parser);
    if (position === FAULT) this.#malformed(request);
    return position;
  }

  #enqueue(request: ServerRequest<Peer>): void {
    this.dueAt = Number.POSITIVE_INFINITY;
    const isLast = ++this.#served >= this.#handler.maxRequests;
    if (++this.#count >= MAX_PIPELINED || isLast) this.endAfter(request);
    const before = this.#latest;
    this.#latest = request;
    if (before === undefined) {
      this.#first = request;
      request.takeTurn();
    } else before.next = request;
  }

  #readBody(request: ServerRequest<Peer>, bytes: Buffer, from: number): number {
    const position = this.#receive(request, bytes, from);
    if (position === FAULT) this.#malformed(request);
    return position;
  }

  /** Passes the body on, up to the end of the bytes or of the body. @returns the position, or FAULT */
  #receive(request: ServerRequest<Peer>, bytes: Buffer, from: number): number {
    const parser = this.#bodyParser as BodyParser;
    const body = request.body as RequestBody;
    let position = from;
    while (position < bytes.length && this.#receiving === request && !body.isFull) {
      position = parser.read(bytes, position, bytes.length);
      if (position === FAULT) return FAULT;
      const { contentFrom, contentTo, isDone } = parser;
      if (isDone) {
        this.#receiving = undefined;
        body.isReceived = true;
      }
      if (contentTo > contentFrom) body.take(bytes.subarray(contentFrom, contentTo));
      if (isDone) body.complete(parser.trailers?.rawHeaders());
    }
    return position;
  }

  /** The body cannot be read, and so nothing after it. */
  #malformed(request: ServerRequest<Peer>): void {
    const fault = this.#bodyParser?.fault as Fault;
    this.#bodyParser = undefined;
    this.#isLast = true;
    request.isUnbounded = true;
    this.#handler.malformed(request, fault);
    this.#loseBody(request, new Error('the body is not valid'));
  }

  #loseBody(request: ServerRequest<Peer>, error: Error): void {
    request.isUnbounded = true;
    this.#receiving = undefined;
    request.body?.fail(error);
  }

  /** A response is out. */
  #finished(request: ServerRequest<unknown>): void {
    if (request !== this.#first) return;
    const { isComplete, next } = request;
    this.#first = next as ServerRequest<Peer> | undefined;
    if (next === undefined) this.#latest = undefined;
    this.#count--;
    request.events.closed(true);
    if (this.#socket.destroyed) return;
    // What is left of a request must not be taken for the next one.
    if (!isComplete || request === this.#lastRequest) this.#end();
    else if (next !== undefined) next.takeTurn();
    else if (this.#fault !== undefined) this.#refuse(this.#fault, this.#faultParser);
    else if (this.#isLast) this.#end();
    else if (this.#parser === undefined) this.dueAt = this.#handler.sweep.now + this.#handler.idleMs;
  }

  /** Refuses what is no request; good requests before it get their responses first. */
  #refuse(fault: ConnectionFault, parser: RequestParser | undefined): void {
    this.#isLast = true;
    this.#parser = undefined;
    this.#fault = fault;
    this.#faultParser = parser;
    if (this.#first !== undefined) return;
    this.write('', this.#handler.refusal(this.peer, fault, parser), '');
    // A client that took too long gets no more time.
    this.#end(fault !== 'timeout');
  }

  /**
   * Ends the connection after its last response. It reads on for a while: the kernel resets a connection that
   * is closed with unread bytes, and the client might lose the response (RFC 9112 section 9.6).
   */
  #end(lingers = true): void {
    if (this.#isLingering) return;
    this.#isLingering = this.#isLast = true;
    this.#extraBytes = 0;
    this.#rest = this.#receiving = this.#parser = undefined;
    this.#leave();
    if (this.#hasClientEnded || !lingers) this.#socket.end(() => this.#socket.destroy());
    else this.#socket.end();
    this.#socket.resume();
    this.dueAt = this.#handler.sweep.now + LINGER_MS;
  }

  /** Requests under way are over without a response. */
  #leave(): void {
    let request = this.#first;
    this.#first = this.#latest = undefined;
    this.#count = 0;
    for (; request !== undefined; request = request.next) request.events.closed(false);
  }

  /** Lets go of the connection, for another protocol. */
  #detach(): void {
    const socket = this.#socket;
    this.#isDetached = this.#isLast = true;
    this.#handler.sweep.delete(this);
    socket.pause();
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onClose);
  }

  get #taken(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  /** A client that has ended its direction, and takes nothing, has probably left. */
  #checkProgress(): void {
    const taken = this.#taken;
    if (taken === this.#bytesTaken) this.#socket.destroy();
    else {
      this.#bytesTaken = taken;
      this.dueAt = this.#handler.sweep.now + HALF_CLOSED_MS;
    }
  }
}

function ignore(): void {}
