// The way from forwarding to the wire: connections to one backend, whatever HTTP client moves the bytes.
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { BodySource } from '../http1/body-source.ts';
import type { ResponseParser } from '../http1/parse-response.ts';
import type { BackendFailure } from './backend-failure.ts';

/** Names and values by turns, as they came. */
export type RawHeaders = readonly (Buffer | string)[];
/** The same, or their parser. */
export type ReceivedHeaders = RawHeaders | ResponseParser;

/** The fields of a request for a backend. */
export interface RequestFields {
  /** Names and values by turns; without `Transfer-Encoding`. */
  readonly headers: readonly string[];
  /**
   * Others as text, which is valid, each with its line end: `Host` first, if it is among them; never
   * `Content-Length` or `Authorization`.
   */
  readonly lines?: string | undefined;
  /** Whether `Host` is among `lines`. */
  readonly hasHost?: boolean | undefined;
}

/** A request head for a backend. */
export interface BackendRequest extends RequestFields {
  readonly method: string;
  /** Path and query; the path of the backend's base URL goes before it. */
  readonly path: string;
}

/** A request with its body. */
export interface BackendMessage extends BackendRequest {
  /** Read as fast as the backend takes it; one that breaks off ends the call. `undefined` for none. */
  readonly body: BodySource | undefined;
  /** Whether the client waits for the backend's word before it sends the body (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;
  /** Milliseconds for the head of the response; `undefined` for the limit of the pool. */
  readonly headTimeoutMs: number | undefined;
  /** Milliseconds between two pieces of the response's body; `undefined` for the limit of the pool. */
  readonly bodyTimeoutMs?: number | undefined;
  /**
   * The connection of the client. A backend may sign a connection in, and not a request, as with NTLM: then
   * requests of no other client go there.
   */
  readonly client: object | undefined;
}

/** A request to change the protocol. */
export interface UpgradeRequest extends BackendRequest {
  /** The whole body; `undefined` for none. */
  readonly body: Buffer | undefined;
  /** Milliseconds for a connection; `undefined` for the limit of the pool. */
  readonly connectTimeoutMs: number | undefined;
  /** Milliseconds for the head of the response; `undefined` for the limit of the pool. */
  readonly headTimeoutMs: number | undefined;
}

/**
 * What comes of a request, in this order: `started`; any number of `interim`; `head`; any number of `data`;
 * `end`. `failed` may come at any time, once, and is the last. After {@link BackendCall.abort} nothing comes.
 */
export interface ResponseEvents {
  /**
   * The request has got a connection; from now on bytes of it may be sent. May come before `send` returns.
   */
  started(call: BackendCall): void;
  /** An interim response (RFC 9110 section 15.2). */
  interim(status: number, headers: RawHeaders): void;
  /**
   * @param statusText - the reason phrase, one character for each byte
   * @param headers - a parser may be asked until this returns
   * @param isWhole - whether the whole body has come along: unless more may not come, `end` is told at once
   * @returns whether more may come, as for `data`
   */
  head(status: number, statusText: string, headers: ReceivedHeaders, isWhole?: boolean): boolean;
  /**
   * A part of the body. @param chunk - the taker's until this returns
   * @returns whether more may come; otherwise no more of it comes before {@link BackendCall.resume}
   */
  data(chunk: Buffer): boolean;
  /** The response is whole. @param trailers - `undefined` for none */
  end(trailers: RawHeaders | undefined): void;
  failed(failure: BackendFailure): void;
}

/** A request that was handed over. */
export interface BackendCall {
  /** Lets the response go on, after `head` or `data` has returned `false`. */
  resume(): void;
  /** @param timeoutMs - milliseconds between two pieces of the response's body, from now on */
  limitBody(timeoutMs: number): void;
  /** Ends it; also if it still waits for a connection. Harmless when it has ended. */
  abort(): void;
}

/** The head of a response to an upgrade. */
export interface UpgradeHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly string[];
  /** The value of `Upgrade`. */
  readonly protocol: string | undefined;
}

/** The body of a response that declines an upgrade. */
export type DeclinedBody = Readable & {
  /** Whether all of it has come. */
  readonly complete: boolean;
};

/** What comes of a request to change the protocol: any number of `interim`, and one of the others, once. */
export interface UpgradeEvents {
  /** An interim response (RFC 9110 section 15.2). */
  interim(status: number, headers: RawHeaders): void;
  /** The connection speaks the other protocol. @param first - the first bytes in it */
  upgraded(head: UpgradeHead, socket: Socket, first: Buffer): void;
  /** The backend does not change the protocol, and says why. */
  declined(head: UpgradeHead, body: DeclinedBody): void;
  failed(failure: BackendFailure): void;
}

/** Connections to one backend. */
export interface Connections {
  /** Sends a request, on a free connection or on a new one; waits for one where their number is limited. */
  send(message: BackendMessage, events: ResponseEvents): BackendCall;
  /** Asks to change the protocol, on a connection of its own. @returns a function that gives up */
  upgrade(request: UpgradeRequest, events: UpgradeEvents): () => void;
  /** Takes no more requests; closes each connection when its request has ended. */
  close(): void;
  /** Closes all connections at once; what runs on them fails. Upgrades belong to their caller. */
  destroy(): void;
}
