// A store in memory as clients over a network see it: calls, replies and messages take time at random, each
// connection in order of its own. The store may pause, drop what comes, and lose what it has.
import { type FleetStore, memoryFleet, type SpaceListener } from '../../src/fleet/index.ts';
import type { TestEnv } from '../support.ts';

const TIMEOUT_MS = 300;

interface Listening {
  readonly space: string;
  readonly listener: SpaceListener;
  end: () => void;
}

/** The server. */
export class SlowStore {
  readonly env: TestEnv;
  #memory: FleetStore;
  readonly #clients: SlowClient[] = [];
  /** How long a message may take on its way. */
  readonly mostMs: number;
  /** What waits for the end of a pause. */
  #queue: (() => void)[] | undefined;
  isAway = false;
  /** When a pause ended last. */
  wentOnAt = Number.NEGATIVE_INFINITY;

  constructor(env: TestEnv, mostMs: number) {
    this.env = env;
    this.mostMs = mostMs;
    this.#memory = memoryFleet({ env });
  }

  get memory(): FleetStore {
    return this.#memory;
  }

  client(): SlowClient {
    const client = new SlowClient(this);
    this.#clients.push(client);
    return client;
  }

  /** What is asked meanwhile is done at the end, whoever has given up waiting. */
  pause(): void {
    this.#queue ??= [];
  }

  goOn(): void {
    const queue = this.#queue ?? [];
    this.#queue = undefined;
    this.wentOnAt = this.env.nowMs;
    for (const call of queue) call();
  }

  /** All connections break. */
  empty(): void {
    this.#memory = memoryFleet({ env: this.env });
    for (const client of this.#clients) client.breakListening();
  }

  serve(call: () => void): void {
    if (this.#queue !== undefined) this.#queue.push(call);
    else call();
  }
}

/** One process: a connection for calls, and another one that it listens on. */
export class SlowClient implements FleetStore {
  readonly #store: SlowStore;
  readonly #lines = { calls: 0, replies: 0, messages: 0 };
  readonly #listening = new Set<Listening>();
  #isCrashed = false;

  constructor(store: SlowStore) {
    this.#store = store;
  }

  claim: FleetStore['claim'] = (...args) => this.#ask((memory) => memory.claim(...args));
  put: FleetStore['put'] = (...args) => this.#ask((memory) => memory.put(...args));
  load: FleetStore['load'] = (...args) => this.#ask((memory) => memory.load(...args));

  listen(space: string, listener: SpaceListener): () => void {
    const one: Listening = { space, listener, end: () => {} };
    this.#listening.add(one);
    this.#join(one);
    return () => {
      one.end();
      this.#listening.delete(one);
    };
  }

  /** Nothing comes from it any more, and nothing reaches it. */
  crash(): void {
    this.#isCrashed = true;
    for (const one of this.#listening) one.end();
    this.#listening.clear();
  }

  /** What was told and is on its way is lost. */
  breakListening(): void {
    for (const one of this.#listening) {
      one.end();
      one.listener.lost(new Error('the connection broke'));
      this.#join(one);
    }
  }

  #join(one: Listening): void {
    const { env } = this.#store;
    let isOver = false;
    let leave = () => {};
    one.end = () => {
      isOver = true;
      leave();
    };
    const later = (act: () => void) => this.#after('messages', () => isOver || act());
    env.timers.schedule(
      () =>
        this.#store.serve(() => {
          if (isOver) return;
          leave = this.#store.memory.listen(one.space, {
            changed: (held) => later(() => one.listener.changed(held)),
            joined() {},
            lost() {},
          });
          later(() => one.listener.joined());
        }),
      50 + env.random() * this.#store.mostMs,
    );
  }

  /** In order of the line. */
  #after(line: 'calls' | 'replies' | 'messages', act: () => void): void {
    const { env, mostMs } = this.#store;
    const at = Math.max(this.#lines[line], env.nowMs + env.random() * mostMs);
    this.#lines[line] = at;
    env.timers.schedule(act, at - env.nowMs);
  }

  #ask<T>(call: (memory: FleetStore) => Promise<T>): Promise<T> {
    const { env } = this.#store;
    return new Promise((resolve, reject) => {
      if (this.#isCrashed) return;
      if (this.#store.isAway) {
        reject(new Error('refused'));
        return;
      }
      env.timers.schedule(() => reject(new Error(`did not answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      this.#after('calls', () =>
        this.#store.serve(() => {
          // What memory does it does at once.
          const done = call(this.#store.memory);
          this.#after('replies', () => void done.then(resolve, reject));
        }),
      );
    });
  }
}
