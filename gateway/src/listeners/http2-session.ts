// One HTTP/2 connection with a client: what it has served, and when it ends.

import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { DeadlineSweep, Expiring } from '../http1/deadline-sweep.ts';
import type { ClientConnection } from '../message/client-connection.ts';
import { TokenBucket } from './token-bucket.ts';

/** Milliseconds that a client has to end a connection after GOAWAY, in whichever direction it went. */
const GOODBYE_MS = 1_000;

/** How many requests a client may reset on one connection: at once, and for each second (CVE-2023-44487). */
export const RESET_BURST = 200;
export const RESETS_PER_SECOND = 33;

/** What a session begins with. */
export interface Http2SessionParts {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly connection: ClientConnection;
  readonly sweep: DeadlineSweep;
  /** How long it lives, in milliseconds. It ends with the first response after that. */
  readonly lifetimeMs: number;
}

/**
 * A session of node:http2 with its time limits. The timer of node:http2 is not used: it outlives a session
 * that was destroyed, and keeps all of it in memory until the limit has passed.
 */
export class Http2Session implements Expiring {
  readonly session: ServerHttp2Session;
  readonly connection: ClientConnection;
  /** Requests in progress. */
  streams = 0;
  /** Requests that have come. */
  served = 0;
  readonly resets = new TokenBucket(RESET_BURST, RESETS_PER_SECOND);
  dueAt = Number.POSITIVE_INFINITY;
  before: Expiring | undefined;
  after: Expiring | undefined;
  readonly #socket: Socket;
  readonly #sweep: DeadlineSweep;
  readonly #agesAt: number;
  #isEnding = false;

  constructor({ session, socket, connection, sweep, lifetimeMs }: Http2SessionParts) {
    this.session = session;
    this.connection = connection;
    this.#socket = socket;
    this.#sweep = sweep;
    this.#agesAt = sweep.now + lifetimeMs;
    sweep.add(this);
    session.on('close', () => sweep.delete(this));
    // The client sends no further requests.
    session.on('goaway', () => this.#leave());
  }

  /** Whether it has lived as long as it may. */
  get isAged(): boolean {
    return this.#sweep.now >= this.#agesAt;
  }

  /** Waits for a request. Frames of no request, such as PING, do not extend the wait. */
  wait(limitMs: number): void {
    this.dueAt = this.#sweep.now + limitMs;
  }

  /**
   * Ends the session, and its connection if the client does not end it within that time: the session itself
   * would wait for ever.
   */
  end(withinMs: number): void {
    this.session.close();
    this.#isEnding = true;
    this.dueAt = this.#sweep.now + withinMs;
  }

  expire(): void {
    if (this.#isEnding) this.#socket.destroy();
    else this.#leave();
  }

  #leave(): void {
    // Requests have time limits of their own.
    if (this.streams === 0) this.end(GOODBYE_MS);
  }
}
