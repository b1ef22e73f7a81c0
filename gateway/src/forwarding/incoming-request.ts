import type { Request } from 'evenkeel';
import type { Admission } from 'evenkeel/internal';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import type { Client } from '../message/client.ts';
import { isLoop, originOf } from '../message/forwarded-headers.ts';
import { RequestHead } from '../message/request-head.ts';
import type { Route } from '../routing/route-table.ts';
import type { Context } from './context.ts';
import { headerRecord, requestHeaders } from './request-headers.ts';

/** What a request needs to be read. */
export type RequestSource = Pick<Client, 'connection' | 'version' | 'method' | 'target' | 'rawHeaders'>;

/** A request that came in: what the engine chooses by, and where it goes. */
export class IncomingRequest implements Request {
  id = '';
  path = '';
  readonly method: string;
  readonly payload = '';
  /** The client's own, where the peer is a proxy that is believed. */
  clientAddress: string;
  readonly head = new RequestHead();
  /** Its rate limit and session; `undefined` if its route has neither, and until they are known. */
  admission: Admission | undefined;
  readonly #source: RequestSource;
  #isSecure = false;
  /** Whether its head was understood. */
  #isClear = false;
  #route: Route | undefined;
  #headers: Record<string, string | string[]> | undefined;
  #passedOn: string[] | undefined;

  constructor(source: RequestSource) {
    this.#source = source;
    this.method = source.method;
    this.clientAddress = source.connection.address;
  }

  /** All headers by name, for session policies and affinity keys that want to look at some. */
  get headers(): Record<string, string | string[]> {
    this.#headers ??= headerRecord(this.#source.rawHeaders);
    return this.#headers;
  }

  /** What kinds of answers the client likes. */
  get accept(): string | undefined {
    return this.headers.accept?.toString();
  }

  get version(): Client['version'] {
    return this.#source.version;
  }

  /** Whether the client came over TLS. */
  get isSecure(): boolean {
    return this.#isSecure;
  }

  /** Whether something may follow its head: it says so, or it is not clear. */
  get mayHaveBody(): boolean {
    const { isChunked, contentLength } = this.head;
    return !this.#isClear || isChunked || (contentLength ?? 0) > 0;
  }

  /** In lower case, without port. */
  get host(): string {
    return this.head.authority?.host ?? '';
  }

  /** `undefined` until it was read, and where it was refused. */
  get route(): Route | undefined {
    return this.#route;
  }

  /** @returns why it is refused; `undefined` where it has a route */
  read({ identity, limits, ids, routes }: Context): Refusal | undefined {
    const refusal = this.head.read(this.#source, limits);
    this.id = ids.idFor(this.head.requestId);
    this.path = this.head.path;
    if (refusal !== undefined) return refusal;
    this.#isClear = true;
    const { address, scheme } = originOf(this.head, this.#source.connection, identity);
    this.clientAddress = address;
    this.#isSecure = scheme === 'https';
    if (this.#source.connection.serves?.(this.host) === false) return REFUSALS.wrongHost;
    if (isLoop(this.head.via, identity.name)) return REFUSALS.loop;
    // It asks for the server, not for anything on it: to a client, that is the gateway (RFC 9110 section
    // 9.3.7).
    if (this.path === '*') return REFUSALS.serverOptions;
    const route = routes.find(this.host, this.path);
    if (route === undefined) return REFUSALS.noRoute;
    if ((this.head.contentLength ?? 0) > limits.bodyBytes) return REFUSALS.bodyTooLarge;
    this.#route = route;
    return undefined;
  }

  /** The headers that a backend gets, the same in each attempt: names and values by turns. */
  headersFor(route: Route, { identity }: Context): string[] {
    this.#passedOn ??= requestHeaders(this.head, this.#source, route, identity, this.id);
    return this.#passedOn;
  }
}
