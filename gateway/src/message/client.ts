// The port between listeners and forwarding: a client's side of one request.
import type { RequestParser } from '../http1/parse-request.ts';
import type { RequestBody } from './body.ts';
import type { ClientConnection } from './client-connection.ts';
import type { HttpVersion } from './request-head.ts';

/** A client's side of one request, in any version of HTTP. */
export interface Client {
  readonly connection: ClientConnection;
  readonly version: HttpVersion;
  readonly method: string;
  /** The target of the request line, or `:path`, as it came. */
  readonly target: string;
  /** Names and values by turns, as they came; without pseudo-headers. */
  readonly rawHeaders: readonly string[];
  /** The parser that has the head, if there is one, as long as the request is new. */
  readonly parsed?: RequestParser | undefined;
  /** Whether fields of the response may be written as text. Left out: they may not. */
  readonly takesLines?: boolean;
  /** Whether the whole request has been received. */
  readonly isComplete: boolean;
  /** Whether the client cannot take more at the moment. */
  readonly isBlocked: boolean;
  /** The body as it is received; `undefined` if there is none. */
  bodyFor(head: {
    readonly contentLength: number | undefined;
    readonly isChunked: boolean;
  }): RequestBody | undefined;
  /** Whether a client that asked for 100 Continue may still wait for it (RFC 9110 section 10.1.1). */
  readonly isWaiting: boolean;
  /** Sends 100 Continue, if the client may still wait for it. */
  askForBody(): void;
  /** Sends an interim response (RFC 9110 section 15.2). */
  writeInterim(status: number, headers: string[]): void;
  /**
   * Sends the head of the response, together with what follows at once.
   * @param headers - names and values by turns
   * @param lines - other fields as text, only for a client that takes them: valid, each with its line end
   * @param isSized - whether `Content-Length` is among `lines`
   * @throws Error if the headers are not valid
   */
  writeHead(status: number, statusText: string, headers: string[], lines?: string, isSized?: boolean): void;
  /** Sends a head that still waits for the body to follow it. */
  flushHead(): void;
  /**
   * @param chunk - the caller's again afterwards, as for `end`
   * @returns whether the client can take more now; otherwise {@link ClientEvents.drained} tells when
   */
  write(chunk: Buffer): boolean;
  end(chunk: Buffer | undefined, trailers: string[] | undefined): void;
  /** Breaks the response off, so that the client cannot take it for complete. */
  abort(): void;
  /** Closes the connection after this response. */
  closeAfterwards(): void;
}

/** Events of a {@link Client}. */
export interface ClientEvents {
  /** The client can take more. */
  drained(): void;
  /**
   * The request is over.
   * @param isComplete - whether the whole response was sent; otherwise the client has left
   */
  closed(isComplete: boolean): void;
}
