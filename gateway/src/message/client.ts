import type { Readable } from 'node:stream';
import type { ClientConnection } from './client-connection.ts';
import type { HttpVersion } from './request-head.ts';

/** The client's side of one request, whatever its version of HTTP. */
export interface Client {
  readonly connection: ClientConnection;
  readonly version: HttpVersion;
  readonly method: string;
  /** The target of the request line, or `:path`, as it came. */
  readonly target: string;
  /** Names and values by turns, as they came; without pseudo-headers. */
  readonly rawHeaders: readonly string[];
  /** Whether all of the request has come. */
  readonly isComplete: boolean;
  /** Whether it takes nothing more for the moment. */
  readonly isBlocked: boolean;
  /** The body as it comes in; `undefined` where there is none. */
  bodyFor(head: {
    readonly contentLength: number | undefined;
    readonly isChunked: boolean;
  }): Readable | undefined;
  /** Asks the client for its body, where it waits to be asked (RFC 9110 section 10.1.1). */
  askForBody(): void;
  /** Passes on an interim answer (RFC 9110 section 15.2). */
  writeInterim(status: number, headers: string[]): void;
  /** @param headers - names and values by turns */
  writeHead(status: number, statusText: string, headers: string[]): void;
  /** Sends the head, where there is one, without waiting for a body. */
  flushHead(): void;
  /** @returns whether it can take more at once; else it says so by `drained` of its {@link ClientEvents} */
  write(chunk: Buffer): boolean;
  end(chunk: Buffer | undefined, trailers: string[] | undefined): void;
  /** Ends without an end, so that what was sent cannot be taken for all of the answer. */
  abort(): void;
  /** No further request may come on this connection. */
  closeAfterwards(): void;
}

/** What a {@link Client} tells. */
export interface ClientEvents {
  /** It can take more. */
  drained(): void;
  /** Nothing more can be sent: the answer is out, or the client is gone. */
  closed(isComplete: boolean): void;
}
