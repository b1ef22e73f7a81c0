// A client's side of one request over HTTP/2.
import { constants, type ServerHttp2Stream } from 'node:http2';
import { type RequestBody, StreamBody } from '../message/body.ts';
import type { Client, ClientEvents } from '../message/client.ts';
import type { ClientConnection } from '../message/client-connection.ts';

const { NGHTTP2_NO_ERROR, NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE } = constants;

/** The parts of a request's head over HTTP/2. */
export interface Http2Head {
  readonly method: string;
  readonly target: string;
  /** Without pseudo-headers; with `host` for `:authority`, and with one `cookie` for all its crumbs. */
  readonly rawHeaders: readonly string[];
}

/** Events of an {@link Http2Client}. */
export interface Http2Events extends ClientEvents {
  /** The whole response was written: the rest of the request is not needed. */
  answered(): void;
}

/** One request over HTTP/2, and its response. */
export class Http2Client implements Client {
  readonly connection: ClientConnection;
  readonly version = '2.0';
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly #stream: ServerHttp2Stream;
  readonly #acceptsTrailers: boolean;
  #trailers: string[] | undefined;
  #waitsForTrailers = false;
  #isAsked = false;
  #isEnded = false;
  #isAborted = false;

  constructor(
    stream: ServerHttp2Stream,
    { method, target, rawHeaders }: Http2Head,
    connection: ClientConnection,
  ) {
    this.connection = connection;
    this.method = method;
    this.target = target;
    this.rawHeaders = rawHeaders;
    this.#stream = stream;
    this.#acceptsTrailers = rawHeaders.some((name, index) => {
      return index % 2 === 0 && name === 'te' && rawHeaders[index + 1] === 'trailers';
    });
  }

  /**
   * A stream that was reset, or lost with its connection, also emits `end`: only its state tells them apart.
   */
  get isComplete(): boolean {
    if (this.#stream.endAfterHeaders) return true;
    // The state of a stream that was reset without an error still says that it has ended.
    return !this.#isGone && this.#stream.state.state === NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE;
  }

  /** Also if the whole response was written, and waits for the client to take it. */
  get isBlocked(): boolean {
    return this.#stream.writableNeedDrain || (this.#isEnded && !this.#stream.writableFinished);
  }

  /** Whether the client reset it, even without an error. */
  get isGivenUp(): boolean {
    return !this.#isAborted && !this.#isAnswered;
  }

  /** Reports what happens from now on. */
  listen(events: Http2Events): void {
    const stream = this.#stream;
    stream.on('drain', () => events.drained());
    stream.on('close', () => events.closed(this.#isAnswered));
    const letGo = () => {
      // The client need not send the rest (RFC 9113 section 8.1).
      if (!this.isComplete) stream.close(NGHTTP2_NO_ERROR);
      events.answered();
    };
    stream.on('wantTrailers', () => {
      stream.sendTrailers(recordOf(this.#trailers ?? []));
      // The trailers go out in the next turn of the event loop, before this.
      setImmediate(letGo);
    });
    stream.on('finish', () => {
      if (!this.#waitsForTrailers) letGo();
    });
  }

  bodyFor(): RequestBody | undefined {
    if (this.#stream.endAfterHeaders) return undefined;
    let trailers: string[] | undefined;
    this.#stream.on('trailers', (_fields: unknown, _flags: unknown, raw: string[]) => (trailers = raw));
    return new StreamBody(
      this.#stream,
      () => this.isComplete,
      () => trailers,
    );
  }

  get isWaiting(): boolean {
    return !this.#isAsked && !this.#isGone && !this.#stream.headersSent && !this.isComplete;
  }

  askForBody(): void {
    if (!this.isWaiting) return;
    this.#isAsked = true;
    this.#stream.additionalHeaders({ ':status': 100 });
  }

  writeInterim(status: number, headers: string[]): void {
    if (this.#isGone || this.#stream.headersSent) return;
    this.#stream.additionalHeaders({ ...recordOf(headers), ':status': status });
  }

  writeHead(status: number, _statusText: string, headers: string[]): void {
    if (this.#isGone) return;
    const waitForTrailers = this.#acceptsTrailers && this.method !== 'HEAD';
    this.#stream.respond({ ...recordOf(headers), ':status': shownStatus(status) }, { waitForTrailers });
    // node:http2 ends responses whose status allows no content itself, and then never asks for trailers.
    this.#waitsForTrailers = waitForTrailers && !this.#stream.writableEnded;
  }

  /** The head is never held back. */
  flushHead(): void {}

  write(chunk: Buffer): boolean {
    return this.#isGone || this.#stream.writableEnded || this.#stream.write(Buffer.from(chunk));
  }

  end(chunk: Buffer | undefined, trailers: string[] | undefined): void {
    if (this.#isGone) return;
    this.#isEnded = true;
    this.#trailers = trailers;
    if (chunk === undefined) this.#stream.end();
    else this.#stream.end(Buffer.from(chunk));
  }

  /**
   * With INTERNAL_ERROR: clients take NO_ERROR for a regular end, and `close` would end the stream before it
   * resets it.
   */
  abort(): void {
    this.#isAborted = true;
    this.#stream.destroy(new Error('the response cannot be completed'));
  }

  /** The rest of a request cannot be taken for another one, as each has a stream of its own. */
  closeAfterwards(): void {}

  /**
   * Not `writableFinished`: a stream whose request was over first may never be. A stream that is lost with
   * its connection has an error.
   */
  get #isAnswered(): boolean {
    return this.#isEnded && this.#stream.rstCode === NGHTTP2_NO_ERROR;
  }

  get #isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }
}

/**
 * node:http2 sends no status above 599. Clients take one for a 5xx that they do not know, which is a 500
 * (RFC 9110 section 15).
 */
const shownStatus = (status: number) => (status > 599 ? 500 : status);

/** Headers as node:http2 takes them. Repeated ones are joined (RFC 9110 section 5.3), except cookies. */
function recordOf(headers: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null);
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] as string).toLowerCase();
    const value = headers[index + 1] as string;
    const before = record[name];
    if (before === undefined) record[name] = name === 'set-cookie' ? [value] : value;
    else if (Array.isArray(before)) before.push(value);
    else record[name] = `${before}, ${value}`;
  }
  return record;
}
