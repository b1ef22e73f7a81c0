// Connections to one server. The one that was used last is used next: others may be closed when they have
// been idle for long enough, and memory and caches stay warm.

import type { Env } from 'evenkeel';
import type { Deadlines } from 'evenkeel/internal';
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
  readonly #env: Pick<Env, 'clock' | 'random'>;
  /** Every connection that is not closed. */
  readonly #all = new Set<ClientConnection>();
  /** Free for any request; the one that was used last is the last. */
  readonly #idle: ClientConnection[] = [];
  /** Free for the requests of one client. */
  readonly #private = new Map<object, ClientConnection[]>();
  /**
   * Free for a call that waits, once bytes that no request asked for have had time to show: what was received
   * before they were free is read by then. Those in `fresh` have not seen a turn of the event loop.
   */
  #settling: ClientConnection[] = [];
  #fresh: ClientConnection[] = [];
  #isTurning = false;
  /** Calls without a connection, in their order. */
  #waiting: ClientCall[] = [];
  /** Connections for upgrades, which are not counted. */
  readonly #upgrades = new Set<ClientConnection>();

  constructor(settings: PoolSettings, deadlines: Deadlines, env: Pick<Env, 'clock' | 'random'>) {
    this.settings = settings;
    this.deadlines = deadlines;
    this.#env = env;
  }

  /** The number of connections. */
  get size(): number {
    return this.#all.size;
  }

  now(): number {
    return this.#env.clock.now();
  }

  random(): number {
    return this.#env.random();
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
      if (this.#waiting.length > 0) this.#settle(connection);
      else if (this.isClosing) connection.destroy();
      else this.#idle.push(connection);
      return;
    }
    const connections = this.#private.get(privateTo);
    const first = this.#firstWaiting();
    if (first?.request.owner === privateTo) connection.take(this.#waiting.shift() as ClientCall);
    // It makes room for another client's request, which can have no part of it.
    else if (this.isClosing || (first !== undefined && this.#isFull)) connection.destroy();
    else if (connections === undefined) this.#private.set(privateTo, [connection]);
    else connections.push(connection);
  }

  retired(connection: ClientConnection): void {
    this.#all.delete(connection);
    this.#upgrades.delete(connection);
    const { privateTo } = connection;
    if (privateTo === undefined) {
      for (const free of [this.#idle, this.#settling, this.#fresh]) drop(free, connection);
    } else {
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

  #settle(connection: ClientConnection): void {
    if (!this.#isTurning) setImmediate(this.#turn);
    this.#isTurning = true;
    this.#fresh.push(connection);
  }

  /** A turn of the event loop is over. */
  readonly #turn = (): void => {
    for (let free = this.#settling.shift(); free !== undefined; free = this.#settling.shift()) {
      const next = this.#nextWaiting();
      if (next !== undefined) free.take(next);
      else if (this.isClosing) free.destroy();
      else this.#idle.push(free);
    }
    this.#settling = this.#fresh;
    this.#fresh = [];
    this.#isTurning = this.#settling.length > 0;
    if (this.#isTurning) setImmediate(this.#turn);
  };

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

  /** The next call that waits, which is left there. */
  #firstWaiting(): ClientCall | undefined {
    while (this.#waiting[0]?.isOver) this.#waiting.shift();
    return this.#waiting[0];
  }

  #nextWaiting(): ClientCall | undefined {
    this.#firstWaiting();
    return this.#waiting.shift();
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
