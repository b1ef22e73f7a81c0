import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Context } from '../forwarding/context.ts';
import { Exchange } from '../forwarding/exchange.ts';
import { IncomingRequest } from '../forwarding/incoming-request.ts';
import { Upgrade } from '../forwarding/upgrade.ts';
import { endLingering } from '../local-reply/linger.ts';
import { RawResponse } from '../local-reply/raw-response.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import { ClientConnection } from '../message/client-connection.ts';
import { Http1Client } from './http1-client.ts';
import { Http1Peer } from './http1-peer.ts';
import { FIXED, settingsOf } from './http1-settings.ts';
import { type ParseError, refusalOf } from './parse-error.ts';

const PEER = Symbol('peer');

/**
 * A connection that carries what is known of it: a table of thousands that come and go would cost the garbage
 * collector more.
 */
type Known = Duplex & { [PEER]?: Http1Peer };

/** Speaks HTTP/1 with clients. */
export class Http1Server {
  readonly server: Server;
  readonly #context: () => Context;
  readonly #listener = { isClosing: false };
  #isTimed = false;

  /** @param context - what the next request works with */
  constructor(context: () => Context) {
    this.#context = context;
    const server = createServer({ ...FIXED, ...settingsOf(context()) });
    // Node would leave out the headers beyond its limit without a word; ours refuses the request.
    server.maxHeadersCount = 0;
    server.on('request', (request, response) => this.take(request, response));
    server.on('checkContinue', (request, response) => this.take(request, response, true));
    server.on('checkExpectation', (request, response) => this.take(request, response));
    server.on('connect', (_request, socket) => {
      socket.on('error', ignore);
      this.#endWith(socket, REFUSALS.method);
    });
    server.on('upgrade', (request, socket, first) => this.upgrade(request, socket, first));
    server.on('clientError', (error, socket) => this.#misunderstood(error, socket));
    this.server = server;
  }

  /**
   * Takes a connection that somebody else has accepted.
   * @param serves - whether a host may be asked for on it
   */
  accept(socket: Socket, serves?: (host: string) => boolean): void {
    if (!this.#isTimed) {
      this.#isTimed = true;
      // What node:http does when it listens: from now on it looks for connections that take too long.
      this.server.emit('listening');
    }
    this.#greet(socket, serves);
    this.server.emit('connection', socket);
  }

  /** Takes what has changed in the configuration, for connections from now on. */
  update(): void {
    Object.assign(this.server, settingsOf(this.#context()));
  }

  /** From now on every answer is the last one on its connection. */
  closeAfterAnswers(): void {
    this.#listener.isClosing = true;
  }

  /** Ends what is left. */
  destroy(): void {
    this.server.closeAllConnections();
    // Also ends its timer, where it never listened.
    this.server.close();
  }

  /**
   * Passes a request on and answers it.
   * @param isWaiting - whether its client waits to be asked for the body, which a server of node:http does by
   * itself if nobody stops it
   */
  take(request: IncomingMessage, response: ServerResponse, isWaiting = false): void {
    const peer = this.#peerOf(request.socket);
    if (peer.isEnding) {
      request.resume();
      return;
    }
    const client = new Http1Client(request, response, peer, this.#listener, isWaiting);
    const exchange = new Exchange(this.#context(), client);
    peer.begin(exchange, request.socket, response.socket !== null);
    if (peer.isFull) client.closeAfterwards();
    client.listen({
      drained: () => exchange.drained(),
      closed: (isComplete) => {
        if (!peer.end(exchange)) return;
        exchange.closed(isComplete);
        this.#sayLastWord(peer, request.socket);
      },
    });
    exchange.start();
  }

  /**
   * Opens a tunnel, where the backend agrees.
   * @param first - what the client has already said in the other protocol
   */
  upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): void {
    // node:http has let go of it: an error that nobody takes would end the process.
    socket.on('error', ignore);
    const { headers, httpVersion } = request;
    const protocol = headers.upgrade?.toLowerCase();
    const { connection, latest, isEnding } = this.#peerOf(request.socket);
    if (isEnding) {
      socket.resume();
      return;
    }
    // What is said in another protocol would come before the answers that are still to come.
    if (latest !== undefined) this.#endWith(socket, REFUSALS.badUpgrade);
    else if (httpVersion === '1.1' && protocol !== undefined && !/^(?:h2c|http\/)/.test(protocol)) {
      const source = {
        connection,
        version: httpVersion,
        method: request.method as string,
        target: request.url as string,
        rawHeaders: request.rawHeaders,
      } as const;
      new Upgrade(this.#context(), new IncomingRequest(source), request.socket, first).start();
    } else if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) {
      // The body was not read along with the head.
      this.#refuseRaw(socket, REFUSALS.badUpgrade);
    } else this.#takeUnchanged(request);
  }

  /**
   * Answers a request for an upgrade as if it asked for none (RFC 9110 section 7.8): HTTP/1.0 knows no
   * upgrades, and another version of HTTP is not what a backend should be asked for.
   */
  #takeUnchanged(request: IncomingMessage): void {
    const { socket } = request;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    // Only who reads learns that a client has left.
    socket.resume();
    // What node:http does for other requests: a client that says no more waits for nothing, and answers go on
    // when there is room.
    socket.once('end', () => socket.end());
    socket.on('drain', () => response.emit('drain'));
    response.once('finish', () => {
      response.detachSocket(socket);
      endLingering(socket);
      response.emit('close');
    });
    this.take(request, response);
  }

  #peerOf(socket: Socket): Http1Peer {
    return (socket as Known)[PEER] ?? this.#greet(socket);
  }

  #greet(socket: Socket, serves?: (host: string) => boolean): Http1Peer {
    const { trustedProxies } = this.#context().identity;
    const connection = new ClientConnection(
      socket.remoteAddress,
      'encrypted' in socket,
      trustedProxies,
      serves,
    );
    const peer = new Http1Peer(connection);
    (socket as Known)[PEER] = peer;
    return peer;
  }

  /** What came is no HTTP, or took too long. */
  #misunderstood(error: ParseError, socket: Duplex): void {
    const { latest, isEnding } = this.#peerOf(socket as Socket);
    if (!socket.writable) {
      // The client is gone, unless it lingers: requests under way hear of it by themselves.
      if (!isEnding) socket.destroy();
      return;
    }
    const refusal = refusalOf(error);
    // In the middle of a body, it is that request which cannot be understood.
    if (latest !== undefined && !latest.client.isComplete && !latest.isRefused) latest.refuse(refusal);
    // What there is to say is on its way.
    else if (isEnding) return;
    // Who leaves in the middle of the next head has left, as at its beginning.
    else if (latest !== undefined && error.code === 'HPE_INVALID_EOF_STATE') socket.end();
    else this.#endWith(socket, refusal);
  }

  /** Good requests before it get their answers first. */
  #endWith(socket: Duplex, refusal: Refusal): void {
    const peer = (socket as Known)[PEER];
    if (peer?.latest === undefined) this.#refuseRaw(socket, refusal);
    else peer.lastWord = refusal;
  }

  #sayLastWord(peer: Http1Peer, socket: Socket): void {
    if (peer.lastWord === undefined || peer.latest !== undefined) return;
    this.#refuseRaw(socket, peer.lastWord);
    peer.lastWord = undefined;
  }

  /** Answers where there is no request to answer to. */
  #refuseRaw(socket: Duplex, refusal: Refusal): void {
    const { totals, ids } = this.#context();
    this.#peerOf(socket as Socket).isEnding = true;
    totals.refused(refusal.code);
    RawResponse.of(refusal, ids.idFor(undefined)).send(socket);
  }
}

function ignore(): void {}
