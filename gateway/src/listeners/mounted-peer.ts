// A connection of a server of the host, with the requests on it that were passed on.
import type { Socket } from 'node:net';
import type { Exchange } from '../forwarding/exchange.ts';
import type { ClientConnection } from '../message/client-connection.ts';

/** Requests of one connection at a time: a backend works on each. */
const MAX_PIPELINED = 100;

/** A connection that carries requests of the host's server. */
export class MountedPeer {
  readonly connection: ClientConnection;
  /**
   * Whether its last response was decided on: requests that come now are not answered, and may not be acted
   * on (RFC 9112 section 9.6).
   */
  isEnding = false;
  /** Requests under way, in the order in which they came. */
  readonly #exchanges: Exchange[] = [];
  #isWatched = false;

  constructor(connection: ClientConnection) {
    this.connection = connection;
  }

  /** The latest request under way. */
  get latest(): Exchange | undefined {
    return this.#exchanges.at(-1);
  }

  /** Whether so many requests are under way that no more are taken. */
  get isFull(): boolean {
    return this.#exchanges.length >= MAX_PIPELINED;
  }

  /** @param isOnTurn - whether its response goes out next */
  begin(exchange: Exchange, socket: Socket, isOnTurn: boolean): void {
    this.#exchanges.push(exchange);
    if (isOnTurn || this.#isWatched) return;
    this.#isWatched = true;
    // node:http reports the end of a connection to the response alone that goes out next.
    socket.once('close', () => setImmediate(() => this.#leave()));
  }

  /** @returns whether it was under way */
  end(exchange: Exchange): boolean {
    const place = this.#exchanges.indexOf(exchange);
    if (place >= 0) this.#exchanges.splice(place, 1);
    return place >= 0;
  }

  #leave(): void {
    for (const exchange of this.#exchanges.splice(0)) exchange.closed(false);
  }
}
