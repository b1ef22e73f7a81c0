// A client's side of one request that a server of the host has accepted over node:http.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { breakOff } from '../http1/break-off.ts';
import { endLingering, linger } from '../local-reply/linger.ts';
import { type RequestBody, StreamBody } from '../message/body.ts';
import type { Client, ClientEvents } from '../message/client.ts';
import type { ClientConnection } from '../message/client-connection.ts';
import type { HttpVersion } from '../message/request-head.ts';
import type { MountedPeer } from './mounted-peer.ts';

/** Above this, a copy costs more than a second piece. */
const MAX_JOINED_BYTES = 4_096;

/** One request of the host's server, and the response to it. */
export class MountedClient implements Client {
  readonly connection: ClientConnection;
  readonly version: HttpVersion;
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #peer: MountedPeer;
  #events: ClientEvents | undefined;
  #hasHead = false;
  #isDraining = false;
  #isAborted = false;

  constructor(request: IncomingMessage, response: ServerResponse, peer: MountedPeer) {
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
  }

  get isComplete(): boolean {
    return this.#request.complete;
  }

  /**
   * Before its turn a response waits for others. One that was written is not out yet.
   */
  get isBlocked(): boolean {
    const { socket, writableNeedDrain, writableEnded } = this.#response;
    return socket !== null && (writableNeedDrain || writableEnded);
  }

  /** Reports what happens from now on. */
  listen(events: ClientEvents): void {
    this.#events = events;
    const response = this.#response;
    response.on('close', () => {
      events.closed(response.writableFinished);
      // The response came before the end of the request: the rest of the request must not be taken for the
      // next.
      if (!response.writableFinished || this.#request.complete) return;
      this.#peer.isEnding = true;
      endLingering(this.#socket);
    });
    // An error without a listener would end the process. `close` follows.
    response.on('error', ignore);
  }

  bodyFor({ contentLength, isChunked }: Parameters<Client['bodyFor']>[0]): RequestBody | undefined {
    if (!isChunked && (contentLength ?? 0) === 0) return undefined;
    return new StreamBody(
      this.#request,
      () => this.isComplete,
      () => (this.#request.rawTrailers.length === 0 ? undefined : this.#request.rawTrailers),
    );
  }

  /** A server of node:http asks for the body by itself. */
  readonly isWaiting = false;

  askForBody(): void {}

  writeInterim(status: number, headers: string[]): void {
    // Responses to earlier requests may still be under way.
    if (this.#hasHead || this.#response.socket === null) return;
    let text = `HTTP/1.1 ${status} \r\n`;
    for (let index = 0; index < headers.length; index += 2)
      text += `${headers[index]}: ${headers[index + 1]}\r\n`;
    this.#response.socket.write(`${text}\r\n`, 'latin1');
  }

  writeHead(status: number, statusText: string, headers: string[]): void {
    this.#hasHead = true;
    // The headers have a date.
    this.#response.sendDate = false;
    this.#response.writeHead(status, statusText, headers);
  }

  flushHead(): void {
    if (this.#hasHead && !this.#response.writableEnded) this.#response.flushHeaders();
  }

  write(chunk: Buffer): boolean {
    if (this.#response.write(Buffer.from(chunk))) return true;
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
    // As latin1 text, a small body goes out together with its head, in one piece instead of two.
    else if (chunk.length <= MAX_JOINED_BYTES) this.#response.end(chunk.toString('latin1'), 'latin1');
    else this.#response.end(Buffer.from(chunk));
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    // Responses before it go out first.
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
    // Without a length and without chunks, the end of the connection would be the end of the response.
    if (this.version === '1.0') breakOff(this.#socket);
    else this.#socket.destroy();
  }
}

function pairsOf(headers: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < headers.length; index += 2) {
    pairs.push([headers[index] as string, headers[index + 1] as string]);
  }
  return pairs;
}

function ignore(): void {}
