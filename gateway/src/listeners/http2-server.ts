import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type Http2Server as NodeHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Context } from '../forwarding/context.ts';
import { Exchange } from '../forwarding/exchange.ts';
import { ClientConnection } from '../message/client-connection.ts';
import { Http2Client, type Http2Head } from './http2-client.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * How long a client may take to end a connection on which it was told, or has told, that no more requests
 * come.
 */
const GOODBYE_MS = 1_000;

/**
 * How many requests a client may give up on one connection: at once, and for each second that it is there
 * (CVE-2023-44487).
 */
const RESET_BURST = 200;
const RESETS_PER_SECOND = 33;

/** Settings of node:http2 that follow from a configuration; each of them bounds what one client can hold. */
function serverOptions({ limits }: Context): object {
  return {
    settings: {
      maxConcurrentStreams: limits.streams,
      maxHeaderListSize: limits.headerBytes,
      enablePush: false,
    },
    // One more than is let through, so that it is this gateway that says no; and the pseudo-headers.
    maxHeaderListPairs: limits.headers + 5,
    // Else such fields vanish without a word; here they lose the spaces alone.
    strictFieldWhitespaceValidation: false,
    maxSessionMemory: 10,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxOutstandingPings: 10,
    maxSettings: 32,
    // Those that come in one piece the engine must count, too: it then reads no more, but only what is
    // counted here ends the connection.
    streamResetBurst: RESET_BURST + 50,
    streamResetRate: RESETS_PER_SECOND,
  };
}

/** A connection for a session. */
interface Arrival {
  readonly socket: Socket;
  readonly serves: ((host: string) => boolean) | undefined;
}

/** What is known of a session. */
interface Http2SessionState {
  readonly socket: Socket;
  readonly connection: ClientConnection;
  /** Requests under way. */
  streams: number;
  readonly resets: TokenBucket;
}

/** Speaks HTTP/2 with clients, on connections that somebody else has accepted. */
export class Http2Server {
  readonly #context: () => Context;
  #server: NodeHttp2Server;
  readonly #sessions = new Map<ServerHttp2Session, Http2SessionState>();
  #arrival: Arrival | undefined;
  #isClosing = false;

  /** @param context - what the next request works with */
  constructor(context: () => Context) {
    this.#context = context;
    this.#server = this.#serve();
  }

  /** Takes what has changed in the configuration, for connections from now on. */
  update(): void {
    this.#server = this.#serve();
  }

  /** @param serves - whether a host may be asked for on this connection */
  accept(socket: Socket, serves?: (host: string) => boolean): void {
    // A client that has said all it will cannot be told more: its streams are lost.
    socket.allowHalfOpen = false;
    // Its session is made, and greeted, before this returns.
    this.#arrival = { socket, serves };
    this.#server.emit('connection', socket);
  }

  /** No further requests: those under way get their answers (RFC 9113 section 6.8). */
  closeAfterAnswers(): void {
    this.#isClosing = true;
    for (const session of this.#sessions.keys()) session.close();
  }

  #serve(): NodeHttp2Server {
    const server = createServer(serverOptions(this.#context()));
    server.on('session', (session) => this.#greet(session));
    const take = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) =>
      this.#take(stream, headers, raw);
    // The types do not know the raw headers.
    server.on('stream', take as (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void);
    // A session that fails ends its streams by itself.
    server.on('sessionError', () => {});
    server.on('timeout', () => {});
    return server;
  }

  #greet(session: ServerHttp2Session): void {
    const { identity, timeouts } = this.#context();
    const { socket, serves } = this.#arrival as Arrival;
    const isEncrypted = session.encrypted === true;
    const connection = new ClientConnection(
      socket.remoteAddress,
      isEncrypted,
      identity.trustedProxies,
      serves,
    );
    const resets = new TokenBucket(RESET_BURST, RESETS_PER_SECOND);
    const state: Http2SessionState = { socket, connection, streams: 0, resets };
    this.#sessions.set(session, state);
    session.on('close', () => this.#sessions.delete(session));
    session.on('error', () => {});
    // Until its first request, a client has as long as for a head; then it may be idle.
    session.setTimeout(timeouts.headersMs);
    session.on('timeout', () => {
      // Requests have limits of their own.
      if (state.streams === 0) end(session, socket, GOODBYE_MS);
    });
    // The client says goodbye.
    session.on('goaway', () => {
      if (state.streams === 0) end(session, socket, GOODBYE_MS);
    });
    if (this.#isClosing) session.close();
  }

  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): void {
    // Without a listener an error would end the process; one that was reset at once may already have it.
    stream.on('error', () => {});
    const { session } = stream;
    const state = session === undefined ? undefined : this.#sessions.get(session as ServerHttp2Session);
    if (session === undefined || state === undefined) {
      stream.destroy();
      return;
    }
    state.streams++;
    const client = new Http2Client(stream, headOf(headers, raw), state.connection);
    const exchange = new Exchange(this.#context(), client);
    client.listen({
      drained: () => exchange.drained(),
      answered: () => exchange.upload?.discard(),
      closed: (isComplete) => {
        state.streams--;
        exchange.closed(isComplete);
        if (client.isGivenUp && !state.resets.take()) calmDown(session as ServerHttp2Session);
        else if (state.streams === 0) this.#rest(session as ServerHttp2Session, state);
      },
    });
    exchange.start();
  }

  /** Nothing is under way. */
  #rest(session: ServerHttp2Session, { socket }: Http2SessionState): void {
    const { idleMs } = this.#context().timeouts;
    // The last answer may still be on its way to a slow client.
    if (session.closed) end(session, socket, idleMs);
    // Time that a request has taken is none in which the connection was idle.
    else session.setTimeout(idleMs);
  }
}

function calmDown(session: ServerHttp2Session): void {
  session.destroy(new Error('too many requests were given up'), NGHTTP2_ENHANCE_YOUR_CALM);
}

/**
 * Ends a session, and its connection where the client does not end it within that time: the session by itself
 * would wait for ever.
 */
function end(session: ServerHttp2Session, socket: Socket, withinMs: number): void {
  session.close();
  setTimeout(() => socket.destroy(), withinMs).unref();
}

const {
  NGHTTP2_ENHANCE_YOUR_CALM,
  HTTP2_HEADER_AUTHORITY,
  HTTP2_HEADER_METHOD,
  HTTP2_HEADER_PATH,
  HTTP2_HEADER_SCHEME,
} = constants;

/** The head as HTTP/1 would have it. A scheme that is none makes the target one that cannot be used. */
function headOf(headers: IncomingHttpHeaders, raw: readonly string[]): Http2Head {
  const rawHeaders: string[] = [];
  const authority = headers[HTTP2_HEADER_AUTHORITY];
  if (typeof authority === 'string') rawHeaders.push('host', authority);
  let cookie: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    const value = (raw[index + 1] as string).trim();
    // RFC 9113 section 8.2.3: crumbs of a cookie are one header elsewhere.
    if (name === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    // `:authority` comes before `host` (RFC 9113 section 8.3.1).
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
