// Clients that keep their connections, and what they see when a gateway ends: each leaves a connection when
// it is told to, and then asks the gateway that is in rotation.

import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';
const PATIENCE_MS = 20_000;
const REQUEST = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

/** What a client saw. */
export interface Seen {
  requests: number;
  /** The kinds of its failures, and how often each came. */
  readonly failures: Map<string, number>;
  /** Requests that came after GOAWAY, which a client may send again (RFC 9113 section 6.8). */
  refused: number;
}

/** When a client asks. */
export interface Pace {
  /** The port of a gateway that takes new connections. */
  readonly rotation: () => number;
  /** Milliseconds from a response to the next request. */
  readonly pause: () => number;
  readonly isOver: () => boolean;
}

export function nothingSeen(): Seen {
  return { requests: 0, failures: new Map(), refused: 0 };
}

/** Asks one request after the other over HTTP/1.1. */
export async function http1Client(seen: Seen, { rotation, pause, isOver }: Pace): Promise<void> {
  let connection: Connection | undefined;
  while (!isOver()) {
    if (connection === undefined || connection.isClosed) connection = new Connection(rotation());
    seen.requests++;
    const end = await connection.ask();
    if (end === 'close') connection = undefined;
    else if (end !== 'kept') {
      seen.failures.set(end, (seen.failures.get(end) ?? 0) + 1);
      connection = undefined;
    }
    await sleep(pause());
  }
  connection?.socket.destroy();
}

/** Asks one request after the other over HTTP/2. Several of them share a session. */
export async function http2Client(
  seen: Seen,
  { rotation, pause, isOver }: Pace,
  shared: { session: ClientHttp2Session | undefined },
): Promise<void> {
  while (!isOver()) {
    if (shared.session === undefined || shared.session.closed || shared.session.destroyed) {
      shared.session = connectHttp2(`http://${HOST}:${rotation()}`);
      shared.session.on('error', () => {});
    }
    seen.requests++;
    const end = await ask(shared.session);
    if (end === 'refused') seen.refused++;
    else if (end !== 'kept') seen.failures.set(end, (seen.failures.get(end) ?? 0) + 1);
    await sleep(pause());
  }
}

async function ask(session: ClientHttp2Session): Promise<string> {
  const stream = session.request({ ':path': '/' });
  let status = 0;
  let isEnded = false;
  let error: (Error & { code?: string }) | undefined;
  stream.setTimeout(PATIENCE_MS, () => stream.close(constants.NGHTTP2_CANCEL));
  stream.on('response', (headers) => (status = Number(headers[':status'])));
  stream.on('error', (failure) => (error = failure));
  stream.on('end', () => (isEnded = true));
  stream.resume();
  await once(stream, 'close').catch(() => {});
  if (isEnded && status === 200) return 'kept';
  if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return 'refused';
  return status === 0 || status === 200 ? (error?.code ?? `reset ${stream.rstCode}`) : String(status);
}

/** One connection over HTTP/1.1. */
class Connection {
  readonly socket: Socket;
  isClosed = false;
  #text = '';
  #code: string | undefined;
  #changed = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: HOST, noDelay: true });
    this.socket.setTimeout(PATIENCE_MS, () => this.socket.destroy());
    this.socket.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString('latin1');
      this.#changed();
    });
    this.socket.on('error', (error: Error & { code?: string }) => (this.#code = error.code));
    this.socket.on('end', () => this.#closed());
    this.socket.on('close', () => this.#closed());
  }

  /** @returns `kept`, `close` if the connection ends with the response, or what went wrong */
  async ask(): Promise<string> {
    this.#text = '';
    this.socket.write(REQUEST, 'latin1');
    while (!this.isClosed && !isWhole(this.#text))
      await new Promise<void>((resolve) => (this.#changed = resolve));
    if (!isWhole(this.#text)) {
      this.socket.destroy();
      // The `error` of a reset comes before `close`, and after `end`.
      await sleep(1);
      return this.#code ?? 'closed before the response';
    }
    const status = this.#text.slice(9, 12);
    if (status !== '200') return status;
    if (!/\r\nconnection: close\r\n/i.test(this.#text)) return 'kept';
    this.socket.end();
    return 'close';
  }

  #closed(): void {
    this.isClosed = true;
    this.#changed();
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}
