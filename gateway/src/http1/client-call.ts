// One request to a server, and what comes of it.

import type { Socket } from 'node:net';
import type { BodySource } from './body-source.ts';
import type { ResponseParser } from './parse-response.ts';

/** A request that is ready to be written. */
export interface ClientRequest {
  readonly method: string;
  /** Start line and fields; with `Content-Length` or `Transfer-Encoding: chunked` if there is a body. */
  readonly head: string;
  readonly body: BodySource | undefined;
  /** Bytes of the body; `undefined` for chunks. */
  readonly bodyLength: number | undefined;
  /** Milliseconds for a connection; `undefined` for the limit of the pool. */
  readonly connectTimeoutMs: number | undefined;
  /** Milliseconds for the head of the response, once the request was taken. */
  readonly headTimeoutMs: number;
  /** Milliseconds between two pieces of the response's body; `undefined` for the limit of the pool. */
  readonly bodyTimeoutMs: number | undefined;
  /**
   * Milliseconds that the body waits for `100 Continue`, which the head asks for (RFC 9110 section 10.1.1);
   * `undefined` if it does not wait.
   */
  readonly continueMs: number | undefined;
  /** Whether the server may change the protocol (RFC 9110 section 7.8). */
  readonly isUpgrade: boolean;
  /** Whether the request signs its connection in, as NTLM does, and not itself alone. */
  readonly signsIn: boolean;
  /** The client that the request is for. A connection that was signed in is used for no other one. */
  readonly owner: object | undefined;
}

/**
 * What comes of a request, in this order: `started`; any number of `interim`; `head` or `upgraded`; after
 * `head`, any number of `data`, and `end`. `failed` may come at any time, once, and is the last. After {@link
 * ClientCall.abort} nothing comes. The methods must not throw.
 */
export interface ResponseHandler {
  /** The request has got a connection, and is being written to it. May come before `send` returns. */
  started(call: ClientCall): void;
  /** An interim response (RFC 9110 section 15.2). @param head - may be asked until this returns */
  interim(head: ResponseParser): void;
  /**
   * @param head - may be asked until this returns
   * @param isWhole - whether the whole body has come along: unless more may not come, `end` is told at once
   * @returns whether more may come, as for `data`
   */
  head(head: ResponseParser, isWhole: boolean): boolean;
  /**
   * A part of the body. @param chunk - the handler's until this returns
   * @returns whether more may come; otherwise nothing comes before {@link ClientCall.resume}
   */
  data(chunk: Buffer): boolean;
  /** The response is whole. @param trailers - names and values by turns; `undefined` for none */
  end(trailers: string[] | undefined): void;
  /**
   * The server has changed the protocol. The connection belongs to the handler, and is paused.
   * @param first - bytes of the other protocol that came with the head
   */
  upgraded(head: ResponseParser, socket: Socket, first: Buffer): void;
  /**
   * @param isSent - `false` only if the server cannot have acted on the request: no byte of it was
   * sent, or its body still waited
   */
  failed(error: Error, isSent: boolean): void;
}

/** What a request is on. */
export interface Carrier {
  resume(call: ClientCall): void;
  abort(call: ClientCall): void;
}

/** A request that was handed over. */
export class ClientCall {
  readonly request: ClientRequest;
  readonly handler: ResponseHandler;
  /** Where it is; `undefined` while it waits for a connection, and when it is over. */
  connection: Carrier | undefined;
  isOver = false;
  /** Milliseconds between two pieces of the response's body; `undefined` for the limit of the pool. */
  bodyTimeoutMs: number | undefined;

  constructor(request: ClientRequest, handler: ResponseHandler) {
    this.request = request;
    this.handler = handler;
    this.bodyTimeoutMs = request.bodyTimeoutMs;
  }

  /** Lets the response go on, after `head` or `data` has returned `false`. */
  resume(): void {
    this.connection?.resume(this);
  }

  /** Ends it, also while it waits for a connection. Harmless when it is over. */
  abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection?.abort(this);
  }

  /** Ends it with an error. */
  fail(error: Error, isSent: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection = undefined;
    this.handler.failed(error, isSent);
  }
}
