// One request of a client and the response to it. Responses go out in the order of their requests (RFC 9112
// section 9.3.2): what is written before its turn waits.

import { fieldsIn } from './field-text.ts';
import type { Bytes } from './octets.ts';
import type { RequestParser } from './parse-request.ts';
import type { RequestBody } from './request-body.ts';
import { chunkHead, LAST_CHUNK, lastChunk, MAX_JOINED_BYTES, responseHead } from './write.ts';

/** Events of a {@link ServerRequest}. */
export interface ServerRequestEvents {
  /** The client can take more. */
  drained(): void;
  /**
   * The request is over.
   * @param isComplete - whether the whole response was handed to the operating system
   */
  closed(isComplete: boolean): void;
}

/** The side of a connection that its requests use. */
export interface ResponseLine {
  /** The last lines of a head, which say how long an idle connection is kept, and the empty line. */
  readonly keepAlive: string;
  /** @param chunk - the caller's again afterwards. @returns whether the client can take more */
  write(text: string, chunk: Buffer | undefined, after: string): boolean;
  /** The whole response was written. */
  ended(request: ServerRequest<unknown>): void;
  /** Whether the connection ends with this response, which is about to be written. */
  endsWith(request: ServerRequest<unknown>): boolean;
  /** The connection ends with this response: no further request is read. */
  endAfter(request: ServerRequest<unknown>): void;
  /** Breaks the connection off. */
  destroy(): void;
  readonly isBlocked: boolean;
}

/** Bytes of a response that may wait for its turn. */
const MAX_WAITING_BYTES = 65_536;

/** One request over HTTP/1, and its response. */
export class ServerRequest<Peer> {
  readonly connection: Peer;
  readonly version: '1.0' | '1.1';
  readonly method: string;
  readonly target: string;
  /** The parser that has its head, while the handler is told of it. Only the connection writes it. */
  parsed: RequestParser | undefined;
  /** `undefined` for none. */
  body: RequestBody | undefined;
  /** The request that came after it. Only the connection writes it. */
  next: ServerRequest<Peer> | undefined;
  events: ServerRequestEvents = NO_EVENTS;
  /** Whether nothing after the head may be read, as the end of the request is not known. */
  isUnbounded = false;
  readonly #line: ResponseLine;
  /** All fields as text. */
  readonly #fields: string;
  #rawHeaders: readonly string[] | undefined;
  /** Whether its response goes out next. */
  #isOnTurn = false;
  /** A head that was not written yet. */
  #head = '';
  #hasHead = false;
  #isChunked = false;
  #isEnded = false;
  #isAborted = false;
  #isAsked = false;
  /** What was written before its turn: text, a chunk and text by turns. */
  #waiting: (string | Buffer | undefined)[] | undefined;
  #waitingBytes = 0;

  /** @param parser - has the head */
  constructor(line: ResponseLine, connection: Peer, parser: RequestParser) {
    this.#line = line;
    this.connection = connection;
    this.version = parser.minorVersion === 1 ? '1.1' : '1.0';
    this.method = parser.method;
    this.target = parser.target;
    this.#fields = parser.fieldText;
  }

  /** Names and values by turns. */
  get rawHeaders(): readonly string[] {
    this.#rawHeaders ??= fieldsIn(this.#fields);
    return this.#rawHeaders;
  }

  /** Whether the whole request has been received. */
  get isComplete(): boolean {
    return !this.isUnbounded && this.body?.isReceived !== false;
  }

  /** Whether the whole response was written. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * Whether the client does not take what was written. Before its turn a response waits for others; one that
   * was written is not out yet.
   */
  get isBlocked(): boolean {
    return this.#isOnTurn && (this.#isEnded || this.#line.isBlocked);
  }

  /** Fields may be written as text. */
  get takesLines(): boolean {
    return true;
  }

  listen(events: ServerRequestEvents): void {
    this.events = events;
  }

  bodyFor(): RequestBody | undefined {
    return this.body;
  }

  /**
   * Whether a client that asked for 100 Continue may still wait for it (RFC 9110 section 10.1.1). One of
   * HTTP/1.0 would take it for the response; one that has sent its body does not wait.
   */
  get isWaiting(): boolean {
    return !this.#hasHead && !this.#isAsked && this.version === '1.1' && !this.isComplete;
  }

  askForBody(): void {
    if (!this.isWaiting) return;
    this.#isAsked = true;
    this.#put(responseHead(100, 'Continue', []), undefined, '');
  }

  writeInterim(status: number, headers: readonly string[]): void {
    if (!this.#hasHead) this.#put(responseHead(status, '', headers), undefined, '');
  }

  /**
   * Writes the head of the response, together with what follows at once, or with {@link flushHead}.
   * @param headers - names and values by turns; `Transfer-Encoding` and `Connection` are added
   * @param lines - other fields as text, which is valid, each with its line end
   * @param isSized - whether `Content-Length` is among `lines`
   * @throws UnwritableError if a part is not valid
   */
  writeHead(status: number, statusText: string, headers: string[], lines = '', isSized = false): void {
    const hasNoBody = status === 204 || status === 304 || this.method === 'HEAD';
    if (!hasNoBody && !isSized && !hasLength(headers)) {
      if (status === 205) headers.push('Content-Length', '0');
      else if (this.version === '1.1') {
        headers.push('Transfer-Encoding', 'chunked');
        this.#isChunked = true;
      } else this.#line.endAfter(this);
    }
    const end = this.#line.endsWith(this) ? 'Connection: close\r\n\r\n' : this.#line.keepAlive;
    this.#head = responseHead(status, statusText, headers, lines, end);
    this.#hasHead = true;
  }

  /** Sends a head that waits for the body to follow it. */
  flushHead(): void {
    if (this.#head === '') return;
    const head = this.#head;
    this.#head = '';
    this.#put(head, undefined, '');
  }

  /** @returns whether the client can take more now; otherwise `drained` tells when */
  write(chunk: Buffer): boolean {
    const head = this.#head;
    this.#head = '';
    if (!this.#isChunked) return this.#put(head, chunk, '');
    return chunk.length === 0 ? true : this.#put(head + chunkHead(chunk.length), chunk, '\r\n');
  }

  /** Ends the response. @param trailers - names and values by turns */
  end(chunk: Buffer | undefined, trailers: readonly string[] | undefined): void {
    let text = this.#head;
    this.#head = '';
    let after = '';
    const last = chunk?.length === 0 ? undefined : chunk;
    if (this.#isChunked) {
      after = trailers === undefined ? LAST_CHUNK : lastChunk(trailers);
      if (last !== undefined) {
        text += chunkHead(last.length);
        after = `\r\n${after}`;
      }
    }
    this.#isEnded = true;
    this.#put(text, last, after);
    if (this.#isOnTurn) this.#line.ended(this);
  }

  /** Breaks the response off, so that the client cannot take it for complete; after those before it. */
  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#waiting = undefined;
    if (this.#isOnTurn) this.#line.destroy();
  }

  /** Closes the connection after this response. */
  closeAfterwards(): void {
    this.#line.endAfter(this);
  }

  /** The responses before it are out. Called by the connection. */
  takeTurn(): void {
    this.#isOnTurn = true;
    if (this.#isAborted) {
      this.#line.destroy();
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    let canTakeMore = true;
    for (let index = 0; waiting !== undefined && index < waiting.length; index += 3)
      canTakeMore = this.#line.write(
        waiting[index] as string,
        waiting[index + 1] as Buffer | undefined,
        waiting[index + 2] as string,
      );
    if (this.#isEnded) this.#line.ended(this);
    else if (waiting !== undefined && canTakeMore) this.events.drained();
  }

  #put(before: string, chunk: Buffer | undefined, after: string): boolean {
    let text = before;
    let bytes = chunk;
    let rest = after;
    if (bytes !== undefined && bytes.length <= MAX_JOINED_BYTES) {
      text += (bytes as Bytes).latin1Slice(0, bytes.length);
      bytes = undefined;
    }
    if (bytes === undefined) {
      text += rest;
      rest = '';
    }
    if (this.#isOnTurn) return this.#line.write(text, bytes, rest);
    this.#waiting ??= [];
    this.#waiting.push(text, bytes && Buffer.from(bytes), rest);
    this.#waitingBytes += text.length + (bytes?.length ?? 0) + rest.length;
    return this.#waitingBytes < MAX_WAITING_BYTES;
  }
}

const NO_EVENTS: ServerRequestEvents = { drained() {}, closed() {} };

function hasLength(headers: readonly string[]): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length === 14 && name.toLowerCase() === 'content-length') return true;
  }
  return false;
}
