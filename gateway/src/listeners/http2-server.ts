// HTTP/2 with clients, over node:http2: sessions become requests.
import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type Http2Server as NodeHttp2Server,
  type Http2Session as NodeHttp2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { systemEnv } from 'evenkeel';
import type { Context } from '../forwarding/context.ts';
import { Exchange } from '../forwarding/exchange.ts';
import { DeadlineSweep } from '../http1/deadline-sweep.ts';
import { ClientConnection } from '../message/client-connection.ts';
import { UNIX_PEER } from '../message/trusted-proxies.ts';
import { Http2Client, type Http2Head } from './http2-client.ts';
import { Http2Session, RESET_BURST, RESETS_PER_SECOND } from './http2-session.ts';
import { lifetimeOf } from './lifetime.ts';

/**
 * Bytes of bodies that a client may send before the gateway takes them: of one request, and of all on one
 * connection. With 64 KiB, the default of HTTP/2, a client that is 80 ms away sends at most 800 KiB a second.
 */
const STREAM_WINDOW = 1_048_576;
const CONNECTION_WINDOW = 4_194_304;

/** The settings of node:http2 for a configuration. Each of them bounds what one client can hold. */
function serverOptions({ limits }: Context): object {
  return {
    settings: {
      maxConcurrentStreams: limits.streams,
      maxHeaderListSize: limits.headerBytes,
      enablePush: false,
      initialWindowSize: STREAM_WINDOW,
    },
    // One more than is allowed, so that the gateway refuses the request itself; and the pseudo-headers.
    maxHeaderListPairs: limits.headers + 5,
    // Otherwise node:http2 drops fields with spaces around their values; here only the spaces are dropped.
    strictFieldWhitespaceValidation: false,
    maxSessionMemory: 10,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxOutstandingPings: 10,
    maxSettings: 32,
    // nghttp2 counts resets that arrive in one piece, and then reads no more. But only resets that are
    // counted here end the connection.
    streamResetBurst: RESET_BURST + 50,
    streamResetRate: RESETS_PER_SECOND,
  };
}

/** A connection for a session. */
interface Arrival {
  readonly socket: Socket;
  readonly serves: ((host: string) => boolean) | undefined;
}

/** Speaks HTTP/2 with clients, on connections that a listener has accepted. */
export class Http2Server {
  readonly #context: () => Context;
  #server: NodeHttp2Server;
  readonly #sessions = new Map<NodeHttp2Session, Http2Session>();
  readonly #sweep = new DeadlineSweep(systemEnv);
  #arrival: Arrival | undefined;
  #isEnding = false;
  #isClosing = false;

  readonly #place: { readonly isUnix: boolean };

  /**
   * @param context - returns the context of the next request
   * @param place - where connections come from
   */
  constructor(context: () => Context, place: { readonly isUnix: boolean } = { isUnix: false }) {
    this.#context = context;
    this.#place = place;
    this.#server = this.#serve();
  }

  /** Applies the configuration to new connections. */
  update(): void {
    this.#server = this.#serve();
  }

  /**
   * Takes a connection.
   * @param serves - whether requests for a host are allowed on it; `undefined` if all hosts are
   */
  accept(socket: Socket, serves?: (host: string) => boolean): void {
    // node:http2 cannot write to a client that has ended its direction.
    socket.allowHalfOpen = false;
    // node:http2 emits `session` before this returns.
    this.#arrival = { socket, serves };
    this.#server.emit('connection', socket);
  }

  /**
   * Announces the end: GOAWAY to all clients, while new connections are served, each until its first response
   * (RFC 9113 section 6.8). A client may repeat a request elsewhere that it sent before it knew.
   */
  announceEnd(): void {
    this.#isEnding = true;
    for (const { session } of this.#sessions.values()) session.close();
  }

  /** Takes no further requests; those in progress get their responses (RFC 9113 section 6.8). */
  closeAfterResponses(): void {
    this.#isClosing = true;
    for (const { session } of this.#sessions.values()) session.close();
  }

  #serve(): NodeHttp2Server {
    const server = createServer(serverOptions(this.#context()));
    server.on('session', (session) => this.#greet(session));
    const take = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) =>
      this.#take(stream, headers, raw);
    // The types leave out the raw headers.
    server.on('stream', take as (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void);
    // A session that fails ends its streams itself.
    server.on('sessionError', () => {});
    return server;
  }

  #greet(session: ServerHttp2Session): void {
    const { identity, timeouts } = this.#context();
    const { socket, serves } = this.#arrival as Arrival;
    const isEncrypted = session.encrypted === true;
    const connection = new ClientConnection(
      this.#place.isUnix ? UNIX_PEER : socket.remoteAddress,
      isEncrypted,
      identity.trustedProxies,
      serves,
    );
    const lifetimeMs = lifetimeOf(timeouts);
    const own = new Http2Session({ session, socket, connection, sweep: this.#sweep, lifetimeMs });
    this.#sessions.set(session, own);
    session.setLocalWindowSize(CONNECTION_WINDOW);
    session.on('close', () => this.#sessions.delete(session));
    session.on('error', () => {});
    // The first request has the time limit of a head; later ones have that of an idle connection.
    own.wait(timeouts.headersMs);
    if (this.#isClosing) session.close();
  }

  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): void {
    // An error without a listener would end the process. A stream that was reset at once may already have
    // one.
    stream.on('error', () => {});
    const own = stream.session && this.#sessions.get(stream.session);
    if (own === undefined) {
      stream.destroy();
      return;
    }
    const { session } = own;
    own.streams++;
    // Requests that the client has sent meanwhile are not served; it may send them again (RFC 9113 section
    // 6.8).
    if (++own.served === this.#context().limits.requestsPerConnection) session.close();
    const client = new Http2Client(stream, headOf(headers, raw), own.connection);
    const exchange = new Exchange(this.#context(), client);
    client.listen({
      drained: () => exchange.drained(),
      answered: () => exchange.upload?.discard(),
      closed: (isComplete) => {
        own.streams--;
        exchange.closed(isComplete);
        if ((this.#isEnding || own.isAged) && !session.closed) session.close();
        if (client.isGivenUp && !own.resets.take()) calmDown(session);
        else if (own.streams === 0) this.#rest(own);
      },
    });
    exchange.start();
  }

  /** No request is in progress. */
  #rest(own: Http2Session): void {
    const { idleMs } = this.#context().timeouts;
    // The last response may still be on its way to a slow client.
    if (own.session.closed) own.end(idleMs);
    // The duration of requests is not idle time.
    else own.wait(idleMs);
  }
}

function calmDown(session: ServerHttp2Session): void {
  session.destroy(new Error('too many requests were reset'), NGHTTP2_ENHANCE_YOUR_CALM);
}

const {
  NGHTTP2_ENHANCE_YOUR_CALM,
  HTTP2_HEADER_AUTHORITY,
  HTTP2_HEADER_METHOD,
  HTTP2_HEADER_PATH,
  HTTP2_HEADER_SCHEME,
} = constants;

/** The head in the form of HTTP/1. An unknown scheme makes the target invalid. */
function headOf(headers: IncomingHttpHeaders, raw: readonly string[]): Http2Head {
  const rawHeaders: string[] = [];
  const authority = headers[HTTP2_HEADER_AUTHORITY];
  if (typeof authority === 'string') rawHeaders.push('host', authority);
  let cookie: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    const value = (raw[index + 1] as string).trim();
    // In other versions of HTTP, the parts of a cookie are one header (RFC 9113 section 8.2.3).
    if (name === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    // `:authority` has precedence over `host` (RFC 9113 section 8.3.1).
    else if (!name.startsWith(':') && !(name === 'host' && authority !== undefined))
      rawHeaders.push(name, value);
  }
  if (cookie !== undefined) rawHeaders.push('cookie', cookie);
  const scheme = headers[HTTP2_HEADER_SCHEME];
  const isKnown = scheme === 'http' || scheme === 'https';
  return {
    method: String(headers[HTTP2_HEADER_METHOD] ?? ''),
    target: isKnown ? String(headers[HTTP2_HEADER_PATH] ?? '') : '',
    rawHeaders,
  };
}
