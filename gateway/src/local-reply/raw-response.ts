import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { breakOff } from './break-off.ts';
import { endLingering } from './linger.ts';
import type { Refusal } from './refusal.ts';
import { refusalAnswer } from './refusal-response.ts';

/** An answer on a connection that node:http has let go of. */
export class RawAnswer {
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

  /** What a refusal says. @param more - headers, names and values by turns */
  static of(refusal: Refusal, requestId: string, accept?: string, more: readonly string[] = []): RawAnswer {
    const { statusText, headers, body } = refusalAnswer(refusal, requestId, accept);
    return new RawAnswer(refusal.status, statusText, [...headers, ...more, 'Connection', 'close'], body);
  }

  writeHead(socket: Duplex): void {
    socket.write(this.#head, 'latin1');
  }

  /** Sends it, and closes the connection when the client has had time to read it. */
  send(socket: Duplex): void {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    socket.write(Buffer.concat([Buffer.from(this.#head, 'latin1'), this.#body]));
    endLingering(socket as Socket);
  }

  /**
   * Passes a body on whose length the head tells, or the end of the connection, and closes the connection when the client has had time to read it.
   * @param stallMs - for which nothing may move
   * @param ended - called once: whether it was whole, and its bytes
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
      // What waits to be sent may need longer than a client that lingers gets.
      if (body.complete) socket.end(() => endLingering(socket as Socket));
      ended(body.complete, bytes);
    });
    socket.once('close', () => body.destroy());
  }
}
