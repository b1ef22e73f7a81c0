import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import type { Client, ClientEvents } from '../forwarding/client.ts';
import type { ClientConnection } from '../forwarding/client-connection.ts';

const { NGHTTP2_NO_ERROR, NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE } = constants;

/** The parts of a request's head over HTTP/2. */
export interface Http2Head {
  readonly method: string;
  readonly target: string;
  /** Without pseudo-headers; with `host` for `:authority`, and with one `cookie` for all its crumbs. */
  readonly rawHeaders: readonly string[];
}

/** One request over HTTP/2 and the answer to it. */
export class Http2Client implements Client {
  readonly connection: ClientConnection;
  readonly version = '2.0';
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly #stream: ServerHttp2Stream;
  readonly #acceptsTrailers: boolean;
  #trailers: string[] | undefined;
  #isAsked = false;
  #isLast = false;
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

  /** A stream that was reset, or lost with its connection, ends for its readers too: only its state knows. */
  get isComplete(): boolean {
    if (this.#stream.endAfterHeaders) return true;
    return !this.#stream.destroyed && this.#stream.state.state === NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE;
  }

  get isBlocked(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** Whether it ended too early, and not from our side. */
  get isGivenUp(): boolean {
    return !this.#isAborted && this.#stream.rstCode !== NGHTTP2_NO_ERROR;
  }

  /** Tells what happens from now on. */
  listen(events: ClientEvents): void {
    const stream = this.#stream;
    stream.on('drain', () => events.drained());
    // A stream that is lost with its connection ends by itself, too.
    stream.on('close', () => {
      events.closed(this.#isEnded && stream.writableFinished && stream.rstCode === NGHTTP2_NO_ERROR);
    });
    stream.on('wantTrailers', () => stream.sendTrailers(recordOf(this.#trailers ?? [])));
    // Without a listener an error would end the process; what there is to do, `close` does.
    stream.on('error', () => {});
  }

  bodyFor(): Readable | undefined {
    return this.#stream.endAfterHeaders ? undefined : this.#stream;
  }

  askForBody(): void {
    if (this.#isAsked || this.#stream.headersSent) return;
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
    this.#stream.respond({ ...recordOf(headers), ':status': status }, { waitForTrailers });
  }

  /** The head is never held back. */
  flushHead(): void {}

  write(chunk: Buffer): boolean {
    return this.#isGone || this.#stream.writableEnded || this.#stream.write(chunk);
  }

  end(chunk: Buffer | undefined, trailers: string[] | undefined): void {
    if (this.#isGone) return;
    this.#isEnded = true;
    this.#trailers = trailers;
    // RFC 9113 section 8.1: the client may stop to send what nobody reads.
    if (this.#isLast) this.#stream.once('finish', () => this.#stream.close(NGHTTP2_NO_ERROR));
    if (chunk === undefined) this.#stream.end();
    else this.#stream.end(chunk);
  }

  /** With INTERNAL_ERROR: clients take NO_ERROR for a good end, and `close` would end the stream before it resets it. */
  abort(): void {
    this.#isAborted = true;
    this.#stream.destroy(new Error('the answer cannot be finished'));
  }

  closeAfterwards(): void {
    this.#isLast = true;
  }

  get #isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }
}

/** Headers as node:http2 takes them. Repeated ones are joined (RFC 9110 section 5.3), but for cookies. */
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
