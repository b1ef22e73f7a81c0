// Requests that a server of the host has accepted over node:http; for the adapters.
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Context } from '../forwarding/context.ts';
import { Exchange } from '../forwarding/exchange.ts';
import { IncomingRequest } from '../forwarding/incoming-request.ts';
import { Upgrade } from '../forwarding/upgrade.ts';
import { endLingering } from '../local-reply/linger.ts';
import { RawResponse } from '../local-reply/raw-response.ts';
import { REFUSALS } from '../local-reply/refusal.ts';
import { ClientConnection } from '../message/client-connection.ts';
import { asksForTunnel } from '../message/protocols.ts';
import { UNIX_PEER } from '../message/trusted-proxies.ts';
import { MountedClient } from './mounted-client.ts';
import { MountedPeer } from './mounted-peer.ts';

const PEER = Symbol('peer');

/**
 * A connection with what is known of it. A table of thousands that come and go would cost the garbage
 * collector more.
 */
type Known = Duplex & { [PEER]?: MountedPeer };

/** Serves requests of the host's servers. */
export class MountedServer {
  readonly #context: () => Context;

  /** @param context - returns the context of the next request */
  constructor(context: () => Context) {
    this.#context = context;
  }

  /** Passes a request on and sends the response. */
  take(request: IncomingMessage, response: ServerResponse): void {
    const peer = this.#peerOf(request.socket);
    if (peer.isEnding) {
      request.resume();
      return;
    }
    const client = new MountedClient(request, response, peer);
    const exchange = new Exchange(this.#context(), client);
    peer.begin(exchange, request.socket, response.socket !== null);
    if (peer.isFull) client.closeAfterwards();
    client.listen({
      drained: () => exchange.drained(),
      closed: (isComplete) => {
        if (peer.end(exchange)) exchange.closed(isComplete);
      },
    });
    exchange.start();
  }

  /**
   * Opens a tunnel, if the backend agrees.
   * @param first - bytes that the client already sent in the other protocol
   */
  upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): void {
    // node:http handles the socket no longer: an error without a listener would end the process.
    socket.on('error', ignore);
    const { headers, httpVersion } = request;
    const { connection, latest, isEnding } = this.#peerOf(request.socket);
    if (isEnding) {
      socket.resume();
      return;
    }
    // Bytes in another protocol would come before responses that are still to come.
    if (latest !== undefined) this.#refuse(socket);
    else if (httpVersion === '1.1' && asksForTunnel(request.method as string, request.rawHeaders)) {
      const source = {
        connection,
        version: httpVersion,
        method: request.method as string,
        target: request.url as string,
        rawHeaders: request.rawHeaders,
      } as const;
      new Upgrade(this.#context(), new IncomingRequest(source), request.socket, first).start();
    } else if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) {
      // node:http did not read the body.
      this.#refuse(socket);
    } else this.#takeUnchanged(request);
  }

  /** Serves a request for an upgrade as if it asked for none (RFC 9110 section 7.8). */
  #takeUnchanged(request: IncomingMessage): void {
    const { socket } = request;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    // A socket that is not read does not report that the client left.
    socket.resume();
    // As node:http does for other requests: the connection ends with the client's direction, and responses go
    // on when there is room.
    socket.once('end', () => socket.end());
    socket.on('drain', () => response.emit('drain'));
    response.once('finish', () => {
      response.detachSocket(socket);
      endLingering(socket);
      response.emit('close');
    });
    this.take(request, response);
  }

  #peerOf(socket: Socket): MountedPeer {
    const known = (socket as Known)[PEER];
    if (known !== undefined) return known;
    const { trustedProxies } = this.#context().identity;
    const address = isOfUnix(socket) ? UNIX_PEER : socket.remoteAddress;
    const connection = new ClientConnection(address, 'encrypted' in socket, trustedProxies);
    const peer = new MountedPeer(connection);
    (socket as Known)[PEER] = peer;
    return peer;
  }

  #refuse(socket: Duplex): void {
    const { totals, ids } = this.#context();
    this.#peerOf(socket as Socket).isEnding = true;
    totals.refused(REFUSALS.badUpgrade.code);
    RawResponse.of(REFUSALS.badUpgrade, ids.idFor(undefined)).send(socket);
  }
}

function ignore(): void {}

/** Whether the server of the host listens at a unix socket. */
function isOfUnix(socket: Socket): boolean {
  return typeof (socket as { server?: Server }).server?.address?.() === 'string';
}
