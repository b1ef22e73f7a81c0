// Responses on sockets that node:http no longer handles: of refused requests that are no HTTP, and of
// upgrades.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { breakOff } from '../http1/break-off.ts';
import { endLingering } from './linger.ts';
import type { Refusal } from './refusal.ts';
import { refusalResponse } from './refusal-response.ts';

/** A response that is written to a socket directly. */
export class RawResponse {
  readonly #head: string;
  readonly #body: Buffer;

  /** @param headers - names and values by turns */
  constructor(
    status: number,
    statusText: string,
    headers: readonly string[],
    body: Buffer = Buffer.alloc(0),
  ) {
    let head = `HTTP/1.1 ${status} ${statusText || (STATUS_CODES[status] ?? '')}\r\n`;
    for (let index = 0; index < headers.length; index += 2)
      head += `${headers[index]}: ${headers[index + 1]}\r\n`;
    this.#head = `${head}\r\n`;
    this.#body = body;
  }

  /**
   * The response for a refusal.
   * @param more - headers: names and values by turns
   * @param rules - what a route changes in the headers of responses
   */
  static of(
    refusal: Refusal,
    requestId: string,
    accept?: string,
    more: readonly string[] = [],
    rules?: { apply(headers: string[]): string[] },
  ): RawResponse {
    const { statusText, headers, body } = refusalResponse(refusal, requestId, accept);
    const own = rules?.apply(headers) ?? headers;
    return new RawResponse(refusal.status, statusText, [...own, ...more, 'Connection', 'close'], body);
  }

  /** Head and body. */
  get bytes(): Buffer {
    return Buffer.concat([Buffer.from(this.#head, 'latin1'), this.#body]);
  }

  writeHead(socket: Duplex): void {
    socket.write(this.#head, 'latin1');
  }

  /** Sends the response, then closes the connection after the client has had time to read it. */
  send(socket: Duplex): void {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    socket.write(this.bytes);
    endLingering(socket as Socket);
  }

  /**
   * Passes a body on, then closes the connection after the client has had time to read it. The head says
   * where the body ends, or the end of the connection does.
   * @param stallMs - milliseconds without progress after which the connection is broken off
   * @param ended - called once: whether the body was complete, and its bytes
   */
  passBody(
    body: Readable & { readonly complete: boolean },
    socket: Duplex,
    stallMs: number,
    ended: (isWhole: boolean, bytes: number) => void,
  ): void {
    let bytes = 0;
    (socket as Socket).setTimeout(stallMs, () => breakOff(socket as Socket));
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (!socket.write(chunk)) {
        body.pause();
        socket.once('drain', () => body.resume());
      }
    });
    body.once('error', () => {});
    body.once('close', () => {
      // Bytes that wait to be sent may take longer than a lingering connection gets.
      if (body.complete) socket.end(() => endLingering(socket as Socket));
      ended(body.complete, bytes);
    });
    socket.once('close', () => body.destroy());
  }
}
