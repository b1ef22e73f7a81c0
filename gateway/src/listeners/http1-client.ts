import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { breakOff } from '../local-reply/break-off.ts';
import { endLingering, linger } from '../local-reply/linger.ts';
import type { Client, ClientEvents } from '../message/client.ts';
import type { ClientConnection } from '../message/client-connection.ts';
import type { HttpVersion } from '../message/request-head.ts';
import type { Http1Peer } from './http1-peer.ts';

/** Above this, a copy costs more than a second piece. */
const MAX_JOINED_BYTES = 4_096;

/** Where clients come in. */
export interface ListenerState {
  /** Every answer from now on is the last one on its connection. */
  readonly isClosing: boolean;
}

/** One request over HTTP/1 and the answer to it. */
export class Http1Client implements Client {
  readonly connection: ClientConnection;
  readonly version: HttpVersion;
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #peer: Http1Peer;
  readonly #listener: ListenerState;
  #events: ClientEvents | undefined;
  #hasHead = false;
  #isWaiting: boolean;
  #isDraining = false;
  #isAborted = false;

  /** @param listener - asked, when the response comes, whether the connection ends with it */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    peer: Http1Peer,
    listener: ListenerState,
    isWaiting: boolean,
  ) {
    this.connection = peer.connection;
    const { httpVersion } = request;
    this.version = httpVersion === '1.1' || httpVersion === '1.0' ? httpVersion : 'unknown';
    this.method = request.method as string;
    this.target = request.url as string;
    this.rawHeaders = request.rawHeaders;
    this.#request = request;
    this.#response = response;
    this.#socket = request.socket;
    this.#peer = peer;
    this.#listener = listener;
    this.#isWaiting = isWaiting;
  }

  get isComplete(): boolean {
    return this.#request.complete;
  }

  /**
   * Not before its turn: then it waits for other answers. Also when all of it was written: it is not out yet.
   */
  get isBlocked(): boolean {
    const { socket, writableNeedDrain, writableEnded } = this.#response;
    return socket !== null && (writableNeedDrain || writableEnded);
  }

  /** Tells what happens from now on. */
  listen(events: ClientEvents): void {
    this.#events = events;
    const response = this.#response;
    response.on('close', () => {
      events.closed(response.writableFinished);
      // The answer came before the end of the request: what is left of it must not be taken for the next one.
      if (!response.writableFinished || this.#request.complete) return;
      this.#peer.isEnding = true;
      endLingering(this.#socket);
    });
    // Without a listener an error would end the process; what there is to do, `close` does.
    response.on('error', ignore);
  }

  bodyFor({ contentLength, isChunked }: Parameters<Client['bodyFor']>[0]): Readable | undefined {
    return isChunked || (contentLength !== undefined && contentLength > 0) ? this.#request : undefined;
  }

  askForBody(): void {
    // A second attempt finds the client already sending.
    if (this.#hasHead || !this.#isWaiting) return;
    this.#isWaiting = false;
    this.#response.writeContinue();
  }

  writeInterim(status: number, headers: string[]): void {
    // An answer to an earlier request may still be on its way.
    if (this.#hasHead || this.#response.socket === null) return;
    let text = `HTTP/1.1 ${status} \r\n`;
    for (let index = 0; index < headers.length; index += 2)
      text += `${headers[index]}: ${headers[index + 1]}\r\n`;
    this.#response.socket.write(`${text}\r\n`, 'latin1');
  }

  writeHead(status: number, statusText: string, headers: string[]): void {
    this.#hasHead = true;
    // Requests that have come after it get their answers, too.
    if (this.#listener.isClosing && this.#peer.latest?.client === this) this.#endConnection();
    // The head brings its own.
    this.#response.sendDate = false;
    this.#response.writeHead(status, phraseOf(status, statusText), headers);
  }

  flushHead(): void {
    if (this.#hasHead && !this.#response.writableEnded) this.#response.flushHeaders();
  }

  write(chunk: Buffer): boolean {
    if (this.#response.write(chunk)) return true;
    if (!this.#isDraining) {
      this.#isDraining = true;
      this.#response.on('drain', () => this.#events?.drained());
    }
    return false;
  }

  end(chunk: Buffer | undefined, trailers: string[] | undefined): void {
    if (trailers !== undefined && this.#response.chunkedEncoding)
      this.#response.addTrailers(pairsOf(trailers));
    if (chunk === undefined) this.#response.end();
    // As text of one byte a character, a small body goes out together with its head, in one piece instead of
    // two.
    else if (chunk.length <= MAX_JOINED_BYTES) this.#response.end(chunk.toString('latin1'), 'latin1');
    else this.#response.end(chunk);
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    // Answers before it go out first.
    if (this.#response.socket === null) this.#response.once('socket', () => this.#destroy());
    else this.#destroy();
  }

  closeAfterwards(): void {
    this.#endConnection();
    linger(this.#socket);
  }

  #endConnection(): void {
    this.#response.shouldKeepAlive = false;
    this.#peer.isEnding = true;
  }

  #destroy(): void {
    // Without a length and without chunks, the end of the connection would be the end of the answer.
    if (this.version === '1.0') breakOff(this.#socket);
    else this.#socket.destroy();
  }
}

/** Phrases were read as UTF-8, and are written as one byte a character. */
function phraseOf(status: number, statusText: string): string {
  return statusText === STATUS_CODES[status] ? statusText : Buffer.from(statusText).toString('latin1');
}

function pairsOf(headers: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < headers.length; index += 2) {
    pairs.push([headers[index] as string, headers[index + 1] as string]);
  }
  return pairs;
}

function ignore(): void {}
