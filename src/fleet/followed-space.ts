// A space of a store as one process follows it. What changes and what the store replies come over two
// connections: a reply may come after news that are younger than it.

import type { Env } from '../env.ts';
import type { FleetStore, Held } from './fleet-store.ts';

/** What a follower is told. */
export interface SpaceFollower {
  /** Fields have these values now; an empty one was removed. */
  heard(held: readonly Held[]): void;
  /** All that is there has been heard, these fields and no others; from now on nothing is missed. */
  joined(fields: ReadonlySet<string>): void;
  /** News may be missed, until it has joined again. */
  lost(error: unknown): void;
}

export class FollowedSpace {
  readonly #store: Pick<FleetStore, 'load' | 'listen'>;
  readonly #name: string;
  readonly #timers: Env['timers'];
  readonly #againMs: number;
  readonly #follower: SpaceFollower;
  readonly #leave: () => void;
  /** For each call that waits for its reply, the fields of which news have come since. */
  readonly #calls = new Set<Set<string>>();
  #isJoined = false;
  #isClosed = false;
  /** A number for each attempt to join: only the last one counts. */
  #attempt = 0;
  #cancelJoin = () => {};

  /** @param againMs - when it is loaded again after that has failed */
  constructor(
    store: Pick<FleetStore, 'load' | 'listen'>,
    name: string,
    follower: SpaceFollower,
    { timers }: Pick<Env, 'timers'>,
    againMs: number,
  ) {
    this.#store = store;
    this.#name = name;
    this.#follower = follower;
    this.#timers = timers;
    this.#againMs = againMs;
    this.#leave = store.listen(name, {
      changed: (held) => this.#changed(held),
      joined: () => void this.#join(),
      lost: (error) => this.#lost(error),
    });
  }

  /** Whether all that is there was heard, and nothing is missed. */
  get isJoined(): boolean {
    return this.#isJoined;
  }

  /**
   * Asks the store.
   * @returns its reply, without fields of which news have come meanwhile: these are as young, or younger.
   * `undefined` if the space was closed before
   */
  async ask(call: () => Promise<readonly Held[]>): Promise<readonly Held[] | undefined> {
    const { held, told } = await this.#ask(call);
    return this.#isClosed ? undefined : held.filter(([field]) => !told.has(field));
  }

  async #ask(call: () => Promise<readonly Held[]>) {
    const told = new Set<string>();
    this.#calls.add(told);
    try {
      return { held: await call(), told };
    } finally {
      this.#calls.delete(told);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#isJoined = false;
    this.#attempt++;
    this.#cancelJoin();
    this.#leave();
  }

  #changed(held: readonly Held[]): void {
    if (this.#isClosed) return;
    for (const told of this.#calls) for (const [field] of held) told.add(field);
    this.#follower.heard(held);
  }

  /** Never rejects. */
  async #join(): Promise<void> {
    if (this.#isClosed) return;
    this.#cancelJoin();
    const attempt = ++this.#attempt;
    try {
      const { held, told } = await this.#ask(() => this.#store.load(this.#name));
      if (attempt !== this.#attempt) return;
      this.#isJoined = true;
      this.#follower.heard(held.filter(([field]) => !told.has(field)));
      for (const [field] of held) told.add(field);
      this.#follower.joined(told);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#lost(error);
      this.#cancelJoin = this.#timers.schedule(() => void this.#join(), this.#againMs, true);
    }
  }

  #lost(error: unknown): void {
    if (this.#isClosed) return;
    this.#isJoined = false;
    this.#attempt++;
    this.#cancelJoin();
    this.#follower.lost(error);
  }
}
