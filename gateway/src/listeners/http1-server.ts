// HTTP/1.1 with clients: connections become requests, and bytes that are no request are refused.
import type { Socket } from 'node:net';
import { systemEnv } from 'evenkeel';
import { accountRefused } from '../forwarding/accounting.ts';
import type { Context } from '../forwarding/context.ts';
import { Exchange } from '../forwarding/exchange.ts';
import { IncomingRequest } from '../forwarding/incoming-request.ts';
import { Upgrade } from '../forwarding/upgrade.ts';
import { DeadlineSweep } from '../http1/deadline-sweep.ts';
import { ROLE } from '../http1/field-role.ts';
import type { Fault } from '../http1/parse-head.ts';
import { RequestParser } from '../http1/parse-request.ts';
import { type ConnectionFault, type RequestHandler, ServerConnection } from '../http1/server-connection.ts';
import type { ServerRequest } from '../http1/server-request.ts';
import { RawResponse } from '../local-reply/raw-response.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import { readAuthority } from '../message/authority.ts';
import { ClientConnection } from '../message/client-connection.ts';
import { asksForTunnel } from '../message/protocols.ts';
import { UNIX_PEER } from '../message/trusted-proxies.ts';
import { lifetimeOf } from './lifetime.ts';
import { REFUSAL_OF_FAULT } from './parse-error.ts';

/** Parsers that wait for the next head. Few heads come in more than one piece. */
const MAX_PARSERS = 16;

/** Speaks HTTP/1.1 with clients. */
export class Http1Server implements RequestHandler<ClientConnection> {
  readonly sweep = new DeadlineSweep(systemEnv);
  headersMs = 0;
  idleMs = 0;
  maxRequests = 0;
  keepAlive = '';
  fieldLimits = { fields: 0, fieldBytes: 0, targetBytes: 0 };
  isClosing = false;
  readonly #context: () => Context;
  readonly #place: { readonly isUnix: boolean };
  #parsers: RequestParser[] = [];

  /**
   * @param context - returns the context of the next request
   * @param place - where connections come from
   */
  constructor(context: () => Context, place: { readonly isUnix: boolean } = { isUnix: false }) {
    this.#context = context;
    this.#place = place;
    this.update();
  }

  /**
   * Takes a connection.
   * @param serves - whether requests for a host are allowed on it; `undefined` if all hosts are
   */
  accept(socket: Socket, serves?: (host: string) => boolean): void {
    const { trustedProxies } = this.#context().identity;
    const isEncrypted = 'encrypted' in socket;
    const address = this.#place.isUnix ? UNIX_PEER : socket.remoteAddress;
    const peer = new ClientConnection(address, isEncrypted, trustedProxies, serves);
    new ServerConnection(socket, peer, this);
  }

  /** Applies the configuration: limits for heads, and timeouts, from now on. */
  update(): void {
    const { limits, timeouts } = this.#context();
    this.headersMs = timeouts.headersMs;
    this.idleMs = timeouts.idleMs;
    this.maxRequests = limits.requestsPerConnection ?? Number.POSITIVE_INFINITY;
    this.keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(timeouts.idleMs / 1_000)}\r\n\r\n`;
    this.fieldLimits = {
      fields: limits.headers,
      fieldBytes: limits.headerBytes,
      targetBytes: limits.urlBytes,
    };
    this.#parsers = [];
  }

  lifetimeMs(): number {
    return lifetimeOf(this.#context().timeouts);
  }

  takeParser(): RequestParser {
    return this.#parsers.pop() ?? new RequestParser(this.fieldLimits);
  }

  giveParser(parser: RequestParser): void {
    parser.forget();
    if (this.#parsers.length < MAX_PARSERS) this.#parsers.push(parser);
  }

  request(request: ServerRequest<ClientConnection>): void {
    const exchange = new Exchange(this.#context(), request);
    request.listen(exchange);
    exchange.start();
  }

  malformed({ events }: ServerRequest<ClientConnection>, fault: Fault): void {
    if (events instanceof Exchange && !events.isRefused) events.refuse(REFUSAL_OF_FAULT[fault]);
  }

  changesProtocol({ method, rawHeaders }: ServerRequest<ClientConnection>): boolean {
    return asksForTunnel(method, rawHeaders);
  }

  upgrade(request: ServerRequest<ClientConnection>, socket: Socket, first: Buffer): void {
    new Upgrade(this.#context(), new IncomingRequest(request), socket, first).start();
  }

  refusal(peer: ClientConnection, fault: ConnectionFault, parser: RequestParser | undefined): Buffer {
    const context = this.#context();
    const refusal = refusalOf(fault);
    const requestId = context.ids.idFor(undefined);
    const hasLine = parser !== undefined && (parser.hasStartLine || fault === 'target-too-long');
    const host = (hasLine && parser.value(ROLE.HOST)) || '';
    accountRefused(context, refusal, {
      requestId,
      clientAddress: peer.address,
      method: hasLine ? parser.method : '',
      target: hasLine ? parser.target : '',
      host: readAuthority(host)?.host ?? host,
    });
    return RawResponse.of(refusal, requestId).bytes;
  }
}

function refusalOf(fault: ConnectionFault): Refusal {
  if (fault === 'timeout') return REFUSALS.uploadTimeout;
  return fault === 'upgrade' ? REFUSALS.badUpgrade : REFUSAL_OF_FAULT[fault];
}
