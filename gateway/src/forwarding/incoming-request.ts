// A request of a client: its head, its route and its admission.

import type { Request } from 'evenkeel';
import type { Admission } from 'evenkeel/internal';
import { RequestPath, readPath } from '../config/normal-path.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import type { Client } from '../message/client.ts';
import { isLoop, type Origin, originOf } from '../message/forwarded-headers.ts';
import { RequestHead } from '../message/request-head.ts';
import { forwardedPath } from '../routing/forwarded-path.ts';
import type { RedirectRoute, Route, RouteQuery } from '../routing/route-table.ts';
import type { RequestFields } from '../upstream/connections.ts';
import type { Context } from './context.ts';
import { headerRecord, requestHeaders, sessionCookie } from './request-headers.ts';

/** The parts of the context that reading a request needs. */
export type RequestSource = Pick<
  Client,
  'connection' | 'version' | 'method' | 'target' | 'rawHeaders' | 'parsed'
>;

const NO_PATH = new RequestPath('/', '', '/', true);

/** A request of a client: the view that the engine and keys read, and its route. */
export class IncomingRequest implements Request, RouteQuery {
  id = '';
  /** Path and query as they came. */
  path = '';
  readonly method: string;
  readonly payload = '';
  /** The client's address; from the headers if the peer is a trusted proxy. */
  clientAddress: string;
  readonly head = new RequestHead();
  /** Its admission; `undefined` before it, and if the route has neither a rate limit nor sessions. */
  admission: Admission | undefined;
  /** The name of the listener that it came in at. */
  listener: string | undefined;
  /** The path as routes are found by it. */
  requestPath = NO_PATH;
  /** The network of the client among whose requests it counts; `undefined` if it has no limit. */
  countedFor: string | undefined;
  readonly #source: RequestSource;
  /** Whether its head is valid. */
  #isClear = false;
  #route: Route | undefined;
  #target = '';
  #origin: Origin | undefined;
  #headers: Record<string, string | string[]> | undefined;
  #passedOn: RequestFields | undefined;

  constructor(source: RequestSource) {
    this.#source = source;
    this.method = source.method;
    this.clientAddress = source.connection.address;
  }

  /** All headers by name, for session policies and keys. */
  get headers(): Record<string, string | string[]> {
    this.#headers ??= headerRecord(this.#source.rawHeaders);
    return this.#headers;
  }

  /** The value of `Accept`. */
  get accept(): string | undefined {
    return this.headers.accept?.toString();
  }

  get version(): Client['version'] {
    return this.#source.version;
  }

  /** Whether it is of a trusted proxy itself: then requests of other clients have the same address. */
  get isOfTrustedProxy(): boolean {
    const { isTrusted, address } = this.#source.connection;
    return isTrusted && address === this.clientAddress;
  }

  /** Whether the client uses TLS. */
  get isSecure(): boolean {
    return this.scheme === 'https';
  }

  /** The client's. */
  get scheme(): string {
    return this.#origin?.scheme ?? this.#source.connection.scheme;
  }

  /** Whether a body may follow its head. */
  get mayHaveBody(): boolean {
    const { isChunked, contentLength } = this.head;
    return !this.#isClear || isChunked || (contentLength ?? 0) > 0;
  }

  /** The host, in lower case, without port. */
  get host(): string {
    return this.head.authority?.host ?? '';
  }

  /** Host and port as the client named them; empty if it named none. */
  get authority(): string {
    return this.#origin?.host ?? '';
  }

  /** The route; `undefined` before `read`, and if the request was refused. */
  get route(): Route | undefined {
    return this.#route;
  }

  /** Path and query for the backend. */
  get target(): string {
    return this.#target;
  }

  /**
   * Reads the head and finds the route.
   * @returns why the request is refused; `undefined` if it has a route
   */
  read({ identity, limits, ids, routes, paths, listener }: Context): Refusal | undefined {
    const refusal = this.head.read(this.#source, limits);
    this.id = ids.idFor(this.head.requestId);
    // Of a request that is refused early, too: the access log has it.
    this.path = this.head.path || this.#source.target;
    if (refusal !== undefined) return refusal;
    this.#isClear = true;
    this.#origin = originOf(this.head, this.#source.connection, identity);
    this.clientAddress = this.#origin.address;
    this.listener = listener;
    if (this.#source.connection.serves?.(this.host) === false) return REFUSALS.wrongHost;
    if (isLoop(this.head.via, identity.name)) return REFUSALS.loop;
    // `OPTIONS *` concerns the server itself, which for a client is the gateway (RFC 9110 section 9.3.7).
    if (this.path === '*') return REFUSALS.serverOptions;
    const path = readPath(this.path, paths);
    if (path === undefined) return REFUSALS.badTarget;
    this.requestPath = path;
    const route = routes.find(this.host, path.routed, this);
    if (route === undefined) return unrouted(routes.methodsFor(this.host, path.routed, this));
    if ('redirect' in route) return redirected(route, this);
    this.#route = route;
    // A list if a session's cookie is to be taken out of it.
    this.head.passOn(sessionCookie(route) === undefined ? route.requestHeaders.gone : undefined);
    if ((this.head.contentLength ?? 0) > route.limits.bodyBytes) return REFUSALS.bodyTooLarge;
    this.#target =
      path.isNormal && route.rewrite === undefined
        ? this.path
        : forwardedPath(path, route, paths.forward, (other) =>
            routes.find(this.host, paths.caseSensitive ? other : other.toLowerCase(), this),
          );
    return undefined;
  }

  /** The headers for the backend, the same for each attempt. */
  headersFor(route: Route, { identity }: Context): RequestFields {
    this.#passedOn ??= requestHeaders(this.head, this.#source, route, {
      identity,
      origin: this.#origin ?? originOf(this.head, this.#source.connection, identity),
      requestId: this.id,
    });
    return this.#passedOn;
  }
}

/** No route matches; with methods with which one would, RFC 9110 section 15.5.6 wants them told. */
function unrouted(methods: readonly string[]): Refusal {
  return methods.length === 0
    ? REFUSALS.noRoute
    : { ...REFUSALS.method, headers: ['Allow', methods.join(', ')] };
}

function redirected({ redirect, responseHeaders }: RedirectRoute, request: IncomingRequest): Refusal {
  const refusal = redirect.refusalFor(redirect.locationFor(request) ?? '/');
  return { ...refusal, headers: responseHeaders.apply([...(refusal.headers ?? [])]) };
}
