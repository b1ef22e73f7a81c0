// Connections to one server. The one that was used last is used next: others may be closed when they have
// been idle for long enough, and memory and caches stay warm.

import type { Clock, Deadlines } from 'evenkeel/internal';
import { ClientCall, type ClientRequest, type ResponseHandler } from './client-call.ts';
import {
  ClientConnection,
  type Connect,
  type ConnectionOwner,
  type ConnectionSettings,
} from './client-connection.ts';
import { ConnectionError } from './connection-error.ts';

/** How a server is reached. */
export interface PoolSettings extends ConnectionSettings {
  /** The most connections at a time; upgrades are not counted. */
  readonly connections: number;
  readonly isSecure: boolean;
  readonly connect: Connect;
}

/** Sends requests to one server. */
export class ClientPool implements ConnectionOwner {
  readonly settings: PoolSettings;
  readonly deadlines: Deadlines;
  isClosing = false;
  /** Whether no request is sent any more. */
  isDestroyed = false;
  readonly #clock: Clock;
  /** Every connection that is not closed. */
  readonly #all = new Set<ClientConnection>();
  /** Free for any request; the one that was used last is the last. */
  readonly #idle: ClientConnection[] = [];
  /** Free for the requests of one client. */
  readonly #private = new Map<object, ClientConnection[]>();
  /** Calls without a connection, in their order. */
  #waiting: ClientCall[] = [];
  /** Connections for upgrades, which are not counted. */
  readonly #upgrades = new Set<ClientConnection>();

  constructor(settings: PoolSettings, deadlines: Deadlines, clock: Clock) {
    this.settings = settings;
    this.deadlines = deadlines;
    this.#clock = clock;
  }

  /** The number of connections. */
  get size(): number {
    return this.#all.size;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Sends a request on a free connection or on a new one; it waits for one where their number is limited. */
  send(request: ClientRequest, handler: ResponseHandler): ClientCall {
    const call = new ClientCall(request, handler);
    if (this.isDestroyed) {
      call.fail(closedError(), false);
      return call;
    }
    const free = request.isUpgrade ? undefined : this.#freeFor(request.owner);
    if (free !== undefined) free.take(call);
    else if (request.isUpgrade || !this.#isFull) this.#connect(call);
    else {
      this.#wait(call);
      // One that is kept for another client makes room.
      const [kept] = this.#private.values();
      kept?.[0]?.destroy();
    }
    return call;
  }

  /** Uses no connection again: each is closed when its request has ended. Calls that wait are served. */
  close(): void {
    this.isClosing = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
    for (const connections of [...this.#private.values()])
      for (const connection of connections.splice(0)) connection.destroy();
    this.#private.clear();
  }

  /** Closes all connections at once; what runs on them fails. */
  destroy(): void {
    this.isDestroyed = true;
    this.close();
    for (const call of this.#waiting.splice(0)) call.fail(closedError(), false);
    for (const connection of [...this.#all]) connection.destroy();
  }

  freed(connection: ClientConnection): void {
    const { privateTo } = connection;
    if (privateTo === undefined) {
      const next = this.#nextWaiting();
      if (next !== undefined) connection.take(next);
      else if (this.isClosing) connection.destroy();
      else this.#idle.push(connection);
      return;
    }
    const connections = this.#private.get(privateTo);
    if (this.isClosing) connection.destroy();
    else if (connections === undefined) this.#private.set(privateTo, [connection]);
    else connections.push(connection);
  }

  retired(connection: ClientConnection): void {
    this.#all.delete(connection);
    this.#upgrades.delete(connection);
    const { privateTo } = connection;
    if (privateTo === undefined) drop(this.#idle, connection);
    else {
      const connections = this.#private.get(privateTo);
      if (connections !== undefined && drop(connections, connection) && connections.length === 0)
        this.#private.delete(privateTo);
    }
    while (!this.#isFull) {
      const next = this.#nextWaiting();
      if (next === undefined) return;
      this.#connect(next);
    }
  }

  get #isFull(): boolean {
    return this.#all.size - this.#upgrades.size >= this.settings.connections;
  }

  #freeFor(owner: object | undefined): ClientConnection | undefined {
    if (owner !== undefined && this.#private.size > 0) {
      const own = this.#private.get(owner);
      const connection = own?.pop();
      if (own?.length === 0) this.#private.delete(owner);
      if (connection !== undefined) return connection;
    }
    return this.#idle.pop();
  }

  #connect(call: ClientCall): void {
    const { connect, isSecure } = this.settings;
    let connection: ClientConnection;
    try {
      connection = new ClientConnection(connect, isSecure, call.request.isUpgrade, this);
    } catch (error) {
      call.fail(error as Error, false);
      return;
    }
    this.#all.add(connection);
    if (call.request.isUpgrade) this.#upgrades.add(connection);
    connection.take(call);
  }

  #wait(call: ClientCall): void {
    // Those that were given up leave gaps, which are closed now and then.
    if (this.#waiting.length >= 64 && this.#waiting.length % 64 === 0)
      this.#waiting = this.#waiting.filter(({ isOver }) => !isOver);
    this.#waiting.push(call);
  }

  #nextWaiting(): ClientCall | undefined {
    let next = this.#waiting.shift();
    while (next?.isOver) next = this.#waiting.shift();
    return next;
  }
}

/** @returns whether it was there */
function drop(connections: ClientConnection[], connection: ClientConnection): boolean {
  const place = connections.lastIndexOf(connection);
  if (place >= 0) connections.splice(place, 1);
  return place >= 0;
}

function closedError(): ConnectionError {
  return new ConnectionError('ERR_HTTP1_CLOSED', 'the connections were closed');
}
