// One connection to a server over HTTP/1.1: one request at a time is written to it, and its response read
// from it (RFC 9112 sections 4 to 9). A connection on which anything odd has happened is never used again:
// bytes that no request asked for, a response before the request was written to its end, a response of which
// a part is missing, or one that a server might have framed in another way than it says.

import type { OnReadOpts, Socket } from 'node:net';
import type { DeadlineQueue, Deadlines, Expiring } from 'evenkeel/internal';
import type { BodySink } from './body-source.ts';
import type { Carrier, ClientCall } from './client-call.ts';
import { ConnectionError } from './connection-error.ts';
import { ROLE } from './field-role.ts';
import type { Bytes } from './octets.ts';
import { BodyParser } from './parse-body.ts';
import { FAULT, type FieldLimits, FRAMING, MORE } from './parse-head.ts';
import { ResponseParser } from './parse-response.ts';
import { READ, type ReadAmount, readBuffer } from './read-buffer.ts';
import { wasReset } from './was-reset.ts';
import { chunkHead, LAST_CHUNK, lastChunk, MAX_JOINED_BYTES } from './write.ts';

/**
 * Begins to connect.
 * @param onread - to read into memory of the caller's; a socket that takes no notice emits `data`
 * @throws Error if that is not possible
 */
export type Connect = (onread: OnReadOpts | undefined) => Socket;

/** Limits and times of connections to one server. */
export interface ConnectionSettings {
  /** Limits on the head of a response, and on its trailers. */
  readonly limits: FieldLimits;
  readonly connectTimeoutMs: number;
  /** Milliseconds between two pieces of a response's body. */
  readonly bodyTimeoutMs: number;
  /** Milliseconds that an idle connection is kept. */
  readonly idleMs: number;
  /** Milliseconds after which a connection is not used again; up to a tenth less, by chance. */
  readonly ageMs: number;
  /** The most requests that a connection is used for; up to a tenth less, by chance. */
  readonly requests: number;
}

/** Keeps connections. */
export interface ConnectionOwner {
  readonly settings: ConnectionSettings;
  readonly deadlines: Deadlines;
  /** Whether no connection is to be used again. */
  readonly isClosing: boolean;
  /** Milliseconds of the clock. */
  now(): number;
  /** A random number from 0 to below 1. */
  random(): number;
  /** A connection is free for another request. */
  freed(connection: ClientConnection): void;
  /** A connection is not used any more; called once. */
  retired(connection: ClientConnection): void;
}

/**
 * Methods after which a connection is kept if the request had a body. Servers ignore the bodies of others,
 * and some take them for the next request.
 */
const HAVE_BODIES = new Set(['POST', 'PUT', 'PATCH']);
/** The server closes at the same moment as it says; a request sent then would be lost. */
const KEEP_ALIVE_MARGIN_MS = 1_000;
/** The largest part of its age and of its requests that a connection may lack. */
const MAX_SPREAD = 0.1;
const NO_BYTES = Buffer.alloc(0);
/** A taker that has had enough for longer takes its time. */
const SLOW_MS = 5;

/** A connection waits for one of these, and has a time limit for it. */
type Phase = 'connecting' | 'idle' | 'head' | 'body' | 'closed';

/** One connection. */
export class ClientConnection implements Carrier, Expiring, BodySink {
  expiresAt = 0;
  queue: DeadlineQueue | undefined = undefined;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;
  /** The client that it is for alone, as it was signed in for it. */
  privateTo: object | undefined;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  /** When it is used no more. */
  readonly #agesAt: number;
  /** How many requests it is used for. */
  readonly #mostRequests: number;
  readonly #parser: ResponseParser;
  #body: BodyParser | undefined;
  #phase: Phase = 'connecting';
  #call: ClientCall | undefined;
  #requests = 0;
  /** Whether the request was written to its end. */
  #isWritten = false;
  /** Bytes of the request's body that are still to be written. */
  #bodyLeft = 0;
  #isBlocked = false;
  /** The head of a request, while the first piece of its body may go along with it. */
  #head = '';
  /** Whether the body waits for `100 Continue`. */
  #isExpecting = false;
  #canBeKept = true;
  /** What the server says of how long it keeps an idle connection. */
  #idleMs: number;
  /** Whether the response is held back, and what of it has come. */
  #isHeld = false;
  #isReading = false;
  /** Whether the handler has resumed while it was told something. */
  #isResumed = false;
  #rest: Buffer = NO_BYTES;
  /** How the connection ended while the response was held back. */
  #end: Error | 'end' | undefined;

  #heldAt = 0;
  /** How much is read at a time. */
  #amount: ReadAmount = READ.SOME;

  /**
   * @param isUpgrade - whether the connection is for another protocol
   * @throws Error if `connect` does
   */
  constructor(connect: Connect, isSecure: boolean, isUpgrade: boolean, owner: ConnectionOwner) {
    // A socket that is handed over must read into memory of its own.
    const onread = { buffer: () => readBuffer(this.#amount), callback: this.#onRead };
    const socket = connect(isUpgrade ? undefined : onread);
    this.#socket = socket;
    this.#owner = owner;
    const { ageMs, requests } = owner.settings;
    // Connections that were opened together do not all end together.
    const share = 1 - MAX_SPREAD * owner.random();
    this.#agesAt = owner.now() + ageMs * share;
    this.#mostRequests = Math.ceil(requests * share);
    this.#idleMs = owner.settings.idleMs;
    this.#parser = new ResponseParser(owner.settings.limits);
    socket.once(isSecure ? 'secureConnect' : 'connect', this.#onConnect);
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** Gives the connection, which must be new or free, a request. */
  take(call: ClientCall): void {
    this.#call = call;
    call.connection = this;
    if (this.#phase !== 'connecting') {
      this.#owner.deadlines.remove(this);
      this.#write(call);
    } else
      this.#owner.deadlines.add(this, call.request.connectTimeoutMs ?? this.#owner.settings.connectTimeoutMs);
  }

  resume(call: ClientCall): void {
    if (call !== this.#call) return;
    if (this.#isReading) this.#isResumed = true;
    else if (this.#isHeld) this.#goOn();
  }

  /** The caller has lost interest. */
  abort(call: ClientCall): void {
    if (call !== this.#call) return;
    this.#call = undefined;
    call.connection = undefined;
    this.destroy();
  }

  /** Closes the connection, and ends what runs on it. */
  destroy(error: Error = new ConnectionError('ERR_HTTP1_CLOSED', 'the connections were closed')): void {
    this.#retire();
    this.#socket.destroy();
    this.#tellFailure(error);
  }

  get #bodyTimeoutMs(): number {
    return this.#call?.bodyTimeoutMs ?? this.#owner.settings.bodyTimeoutMs;
  }

  /** The time for what it waits for is up. */
  expire(): void {
    const { connectTimeoutMs } = this.#owner.settings;
    const request = this.#call?.request;
    if (this.#phase === 'connecting')
      this.#fail('ETIMEDOUT', `no connection within ${request?.connectTimeoutMs ?? connectTimeoutMs} ms`);
    // Servers of HTTP/1.0, and some others, never say that they want it.
    else if (this.#isExpecting) this.#beginUpload();
    else if (this.#phase === 'head')
      this.#fail('ETIMEDOUT', `no response head within ${request?.headTimeoutMs} ms`);
    else if (this.#phase === 'body')
      this.#fail('ETIMEDOUT', `nothing of the response within ${this.#bodyTimeoutMs} ms`);
    else this.destroy();
  }

  // The request's body.

  data(chunk: Buffer): void {
    const call = this.#call;
    if (call === undefined || this.#isWritten || chunk.length === 0) return;
    if (call.request.bodyLength === undefined) this.#put(chunkHead(chunk.length), chunk, '\r\n');
    else {
      this.#bodyLeft -= chunk.length;
      if (this.#bodyLeft >= 0) this.#put('', chunk, '');
      else this.#fail('ERR_HTTP1_UNWRITABLE', 'the body is longer than its Content-Length');
    }
    if (this.#isBlocked || !this.#socket.writableNeedDrain) return;
    this.#isBlocked = true;
    call.request.body?.pause();
    if (this.#phase === 'head') this.#wait(call.request.headTimeoutMs);
  }

  end(trailers: readonly string[] | undefined): void {
    const call = this.#call;
    if (call === undefined || this.#isWritten) return;
    this.#flushHead();
    if (call.request.bodyLength === undefined) {
      try {
        this.#socket.write(trailers === undefined ? LAST_CHUNK : lastChunk(trailers), 'latin1');
      } catch (error) {
        this.failed(error as Error);
        return;
      }
    } else if (this.#bodyLeft > 0) {
      this.#fail('ERR_HTTP1_UNWRITABLE', 'the body is shorter than its Content-Length');
      return;
    }
    this.#isWritten = true;
    if (this.#phase === 'head') this.#wait(call.request.headTimeoutMs);
  }

  failed(error: Error): void {
    if (this.#call === undefined || this.#isWritten) return;
    // Without the end of its body the server cannot take the request for whole.
    this.destroy(error);
  }

  readonly #onConnect = (): void => {
    if (this.#phase !== 'connecting') return;
    this.#owner.deadlines.remove(this);
    const call = this.#call;
    if (call === undefined) this.#free();
    else this.#write(call);
  };

  #write(call: ClientCall): void {
    const { request, handler } = call;
    this.#phase = 'head';
    this.#requests++;
    this.#isWritten = request.body === undefined;
    this.#isBlocked = this.#isExpecting = false;
    handler.started(call);
    if (call !== this.#call) return;
    const socket = this.#socket;
    if (request.body === undefined) {
      socket.write(request.head, 'latin1');
      this.#wait(request.headTimeoutMs);
      return;
    }
    this.#bodyLeft = request.bodyLength ?? 0;
    if (request.continueMs !== undefined) {
      this.#isExpecting = true;
      socket.write(request.head, 'latin1');
      this.#wait(request.continueMs);
      return;
    }
    // The last chunk of a body that is there goes along, too.
    const isChunked = request.bodyLength === undefined;
    if (isChunked) socket.cork();
    this.#head = request.head;
    request.body.open(new Upload(this, call));
    this.#flushHead();
    if (isChunked) socket.uncork();
  }

  /** Sends a head that none of the body goes along with. */
  #flushHead(): void {
    const head = this.#head;
    if (head === '') return;
    this.#head = '';
    this.#socket.write(head, 'latin1');
  }

  /** Writes a piece of the body, with the head that waits for it. */
  #put(before: string, chunk: Buffer, after: string): void {
    const socket = this.#socket;
    const text = this.#head + before;
    this.#head = '';
    if (text === '') socket.write(chunk);
    else if (chunk.length <= MAX_JOINED_BYTES)
      socket.write(text + (chunk as Bytes).latin1Slice(0, chunk.length) + after, 'latin1');
    else {
      socket.cork();
      socket.write(text, 'latin1');
      socket.write(chunk);
      if (after !== '') socket.write(after, 'latin1');
      socket.uncork();
    }
  }

  /** Sends the body that has waited. */
  #beginUpload(): void {
    const call = this.#call as ClientCall;
    this.#isExpecting = false;
    // It is the client's turn now.
    this.#owner.deadlines.remove(this);
    call.request.body?.open(new Upload(this, call));
  }

  readonly #onDrain = (): void => {
    const call = this.#call;
    if (call === undefined || !this.#isBlocked) return;
    this.#isBlocked = false;
    // It is the client's turn now.
    if (this.#phase === 'head' && !this.#isWritten) this.#owner.deadlines.remove(this);
    call.request.body?.resume();
  };

  /** Waits for the server, from now on. */
  #wait(limitMs: number): void {
    this.#owner.deadlines.remove(this);
    this.#owner.deadlines.add(this, limitMs);
  }

  // The response.

  readonly #onRead = (size: number, bytes: Uint8Array): boolean => {
    this.#take(bytes as Buffer, size);
    return true;
  };

  readonly #onData = (bytes: Buffer): void => this.#take(bytes, bytes.length);

  /** Takes what has come: `bytes` up to `to`. */
  #take(bytes: Buffer, to: number): void {
    if (this.#phase === 'idle') this.destroy();
    else if (this.#isHeld) this.#rest = Buffer.concat([this.#rest, bytes.subarray(0, to)]);
    else this.#read(bytes, to);
  }

  #read(bytes: Buffer, to: number): void {
    this.#isReading = true;
    const call = this.#call;
    let position = 0;
    while (position < to && !this.#isHeld && call !== undefined && call === this.#call) {
      position =
        this.#phase === 'head'
          ? this.#readHead(call, bytes, position, to)
          : this.#readBody(call, bytes, position, to);
    }
    this.#isReading = false;
    if (call === undefined || call !== this.#call) return;
    if (this.#isHeld) {
      // The bytes are the reader's.
      this.#rest = position < to ? Buffer.from(bytes.subarray(position, to)) : NO_BYTES;
      this.#heldAt = this.#owner.now();
      this.#owner.deadlines.remove(this);
      this.#socket.pause();
    } else if (this.#phase === 'body') this.#wait(this.#bodyTimeoutMs);
  }

  #readHead(call: ClientCall, bytes: Buffer, from: number, to: number): number {
    const parser = this.#parser;
    const next = parser.read(bytes, from, to);
    if (next === MORE) return to;
    if (next === FAULT) {
      this.#fail('ERR_HTTP1_MESSAGE', `the response is not valid (${parser.fault})`);
      return to;
    }
    const { status } = parser;
    if (status === 101) this.#upgrade(call, bytes.subarray(next, to));
    else if (status === 100 && this.#isExpecting) this.#beginUpload();
    else if (status < 200) call.handler.interim(parser);
    else this.#beginBody(call, to - next);
    parser.forget();
    return next;
  }

  #upgrade({ request, handler }: ClientCall, first: Buffer): void {
    const parser = this.#parser;
    const isRight =
      request.isUpgrade && this.#isWritten && parser.hasUpgrade && parser.hasField(ROLE.UPGRADE);
    if (!isRight) {
      this.#fail('ERR_HTTP1_MESSAGE', 'the server has changed the protocol unasked');
      return;
    }
    const socket = this.#socket;
    socket.pause();
    this.#retire();
    this.#letGo();
    socket.off('data', this.#onData).off('drain', this.#onDrain).off('end', this.#onEnd);
    socket.off('error', this.#onError).off('close', this.#onClose);
    handler.upgraded(parser, socket, first);
  }

  #beginBody(call: ClientCall, bytesAfter: number): void {
    const parser = this.#parser;
    const { request, handler } = call;
    if (parser.bodyFault !== undefined) {
      this.#fail('ERR_HTTP1_MESSAGE', `the response is not valid (${parser.bodyFault})`);
      return;
    }
    this.#phase = 'body';
    this.#seePersistence(call);
    this.#seeChallenge(call);
    const framing = parser.framingFor(request.method);
    const body = (this.#body ??= new BodyParser(this.#owner.settings.limits));
    body.begin(framing, parser.contentLength);
    this.#isResumed = false;
    const isExpecting = this.#isExpecting;
    this.#isExpecting = false;
    const isWhole = body.isDone || (framing === FRAMING.LENGTH && bytesAfter >= parser.contentLength);
    const wantsMore = handler.head(parser, isWhole);
    if (call !== this.#call) return;
    // A server that does not know of expectations may begin its response first, as an echo does.
    if (isExpecting && parser.status < 300 && !body.isDone) this.#beginUpload();
    if (call !== this.#call) return;
    this.#isHeld = !wantsMore && !this.#isResumed;
    if (body.isDone && !this.#isHeld) this.#finish(call, bytesAfter);
  }

  /** Whether the connection may be used after this response. */
  #seePersistence({ request }: ClientCall): void {
    const parser = this.#parser;
    // A server may send a body after all: late, it would be taken for the next response.
    const isOdd =
      request.isUpgrade ||
      request.method === 'HEAD' ||
      (request.body !== undefined && !HAVE_BODIES.has(request.method));
    if (isOdd || !parser.isPersistent) this.#canBeKept = false;
    const keepAlive = parser.hasField(ROLE.KEEP_ALIVE) ? parser.value(ROLE.KEEP_ALIVE) : undefined;
    const { idleMs } = this.#owner.settings;
    this.#idleMs =
      keepAlive === undefined ? idleMs : Math.min(idleMs, timeoutIn(keepAlive) - KEEP_ALIVE_MARGIN_MS);
    if (this.#idleMs <= 0) this.#canBeKept = false;
  }

  /** NTLM and Negotiate sign a connection in, not a request (RFC 4559 section 6). */
  #seeChallenge({ request }: ClientCall): void {
    const isChallenge =
      this.#parser.hasField(ROLE.WWW_AUTHENTICATE) &&
      signsConnectionIn(this.#parser.value(ROLE.WWW_AUTHENTICATE) as string);
    if (!isChallenge && !request.signsIn) return;
    this.privateTo = request.owner;
    if (request.owner === undefined) this.#canBeKept = false;
  }

  #readBody(call: ClientCall, bytes: Buffer, from: number, to: number): number {
    const body = this.#body as BodyParser;
    const next = body.read(bytes, from, to);
    if (next === FAULT) {
      this.#fail('ERR_HTTP1_MESSAGE', `the body of the response is not valid (${body.fault})`);
      return to;
    }
    if (body.contentTo > body.contentFrom) {
      this.#isResumed = false;
      const wantsMore = call.handler.data(bytes.subarray(body.contentFrom, body.contentTo));
      if (call !== this.#call) return next;
      this.#isHeld = !wantsMore && !this.#isResumed;
      if (wantsMore) this.#amount = this.#amount === READ.LITTLE ? READ.SOME : READ.MUCH;
      else if (this.#amount === READ.MUCH) this.#amount = READ.SOME;
    }
    if (body.isDone) this.#finish(call, to - next);
    return next;
  }

  /** @param bytesAfter - that came after the response, and belong to none */
  #finish({ handler }: ClientCall, bytesAfter: number): void {
    const owner = this.#owner;
    const trailers = this.#body?.trailers?.rawHeaders(isPassedOn);
    const isKept =
      this.#canBeKept &&
      this.#isWritten &&
      bytesAfter === 0 &&
      this.#end === undefined &&
      !owner.isClosing &&
      this.#requests < this.#mostRequests &&
      owner.now() < this.#agesAt;
    this.#letGo();
    if (isKept) this.#free();
    else this.destroy();
    handler.end(trailers?.length ? trailers : undefined);
  }

  #free(): void {
    this.#phase = 'idle';
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#owner.deadlines.add(this, this.#idleMs);
    this.#owner.freed(this);
  }

  /** Goes on with a response that was held back. */
  #goOn(): void {
    const rest = this.#rest;
    this.#rest = NO_BYTES;
    this.#isHeld = false;
    this.#amount = this.#owner.now() - this.#heldAt > SLOW_MS ? READ.LITTLE : READ.SOME;
    const call = this.#call;
    // A head without a body was held back.
    if (call !== undefined && this.#body?.isDone) this.#finish(call, rest.length);
    else if (rest.length > 0) this.#read(rest, rest.length);
    if (call === undefined || call !== this.#call || this.#isHeld) return;
    const end = this.#end;
    if (end === 'end') this.#endOfConnection();
    else if (end !== undefined) this.destroy(end);
    else {
      if (this.#phase === 'body') this.#wait(this.#bodyTimeoutMs);
      this.#socket.resume();
    }
  }

  readonly #onEnd = (): void => {
    // A response that lasts until the end of its connection is not whole after a reset (RFC 9112 section 8).
    if (wasReset(this.#socket))
      this.#onError(new ConnectionError('ECONNRESET', 'the server has reset the connection'));
    else if (this.#isHeld) this.#end ??= 'end';
    else this.#endOfConnection();
  };

  #endOfConnection(): void {
    const call = this.#call;
    if (call !== undefined && this.#phase === 'body' && this.#body?.endsAtClose === true) {
      this.#canBeKept = false;
      this.#finish(call, 0);
    } else this.#fail('ECONNRESET', 'the server has closed the connection');
  }

  readonly #onError = (error: Error): void => {
    // What has come before may still be the whole response.
    if (this.#isHeld && this.#rest.length > 0) this.#end ??= error;
    else this.destroy(error);
  };

  readonly #onClose = (): void => {
    if (this.#phase === 'closed' && this.#call === undefined) return;
    if (!this.#isHeld) this.#fail('ECONNRESET', 'the server has closed the connection');
    else this.#end ??= new ConnectionError('ECONNRESET', 'the server has closed the connection');
  };

  #fail(code: ConnectionError['code'], message: string): void {
    this.destroy(new ConnectionError(code, message));
  }

  /** @returns the call that was on it */
  #letGo(): ClientCall | undefined {
    const call = this.#call;
    this.#call = undefined;
    this.#isHeld = false;
    this.#head = '';
    this.#rest = NO_BYTES;
    this.#owner.deadlines.remove(this);
    if (call === undefined) return undefined;
    call.isOver = true;
    call.connection = undefined;
    return call;
  }

  #tellFailure(error: Error): void {
    const isSent = this.#requests > 0 && !this.#isExpecting;
    const call = this.#letGo();
    call?.handler.failed(error, isSent);
  }

  #retire(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#owner.deadlines.remove(this);
    this.#owner.retired(this);
  }
}

/** Hears of the body of one request: a source may go on after its call is over. */
class Upload implements BodySink {
  readonly #connection: ClientConnection;
  readonly #call: ClientCall;

  constructor(connection: ClientConnection, call: ClientCall) {
    this.#connection = connection;
    this.#call = call;
  }

  data(chunk: Buffer): void {
    if (!this.#call.isOver) this.#connection.data(chunk);
  }

  end(trailers: readonly string[] | undefined): void {
    if (!this.#call.isOver) this.#connection.end(trailers);
  }

  failed(error: Error): void {
    if (!this.#call.isOver) this.#connection.failed(error);
  }
}

/** Trailers that say how the message is read, or where it goes, may not (RFC 9110 section 6.5.1). */
function isPassedOn(role: number): boolean {
  return role === ROLE.ORDINARY || role === ROLE.DATE;
}

/** The time in `Keep-Alive: timeout=5, max=100`, in milliseconds; `Infinity` if there is none. */
function timeoutIn(keepAlive: string): number {
  for (const part of keepAlive.toLowerCase().split(',')) {
    const [name, value] = part.split('=', 2);
    const seconds = name?.trim() === 'timeout' ? Number.parseInt(value ?? '', 10) : Number.NaN;
    if (seconds >= 0) return seconds * 1_000;
  }
  return Number.POSITIVE_INFINITY;
}

/** Whether a challenge, or credentials, are of a scheme that signs a connection in. */
export function signsConnectionIn(value: string): boolean {
  const lower = value.toLowerCase();
  return lower.includes('ntlm') || lower.includes('negotiate');
}
