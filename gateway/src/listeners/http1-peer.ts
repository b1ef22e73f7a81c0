import type { Socket } from 'node:net';
import type { Exchange } from '../forwarding/exchange.ts';
import type { Refusal } from '../local-reply/refusal.ts';
import type { ClientConnection } from '../message/client-connection.ts';

/**
 * Requests at a time: each has a backend work for it. As many as HTTP/2 allows, where nothing else is set.
 */
const MAX_PIPELINED = 100;

/** What is known of a connection over HTTP/1. */
export class Http1Peer {
  readonly connection: ClientConnection;
  /**
   * Whether its last answer is decided on: what comes now is not answered, and nobody may act on it (RFC 9112
   * section 9.6).
   */
  isEnding = false;
  /** What to say, and then to close, when all answers before it are out. */
  lastWord: Refusal | undefined;
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

  /** @param isOnTurn - whether its answer goes out next: no other one is before it */
  begin(exchange: Exchange, socket: Socket, isOnTurn: boolean): void {
    this.#exchanges.push(exchange);
    if (isOnTurn || this.#isWatched) return;
    this.#isWatched = true;
    // Of the end of a connection node:http tells, before this, none but the answer whose turn it is.
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
