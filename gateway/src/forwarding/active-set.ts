// The set of requests, or connections, that are under way: thousands join and leave it each second.

/** An entry of an {@link ActiveSet}. */
export interface ActiveMember {
  /** Its place there; -1 for none. Only the set writes it. */
  place: number;
}

/**
 * Not a `Set`: when the engine grows one, the old table keeps its entries alive until the next full
 * collection, so that requests that have ended would grow old and costly. O(1), but to go over all.
 */
export class ActiveSet<T extends ActiveMember> {
  readonly #members: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(member: T): void {
    member.place = this.#size;
    this.#members[this.#size++] = member;
  }

  /** Harmless if it is not in the set. */
  delete(member: T): void {
    const { place } = member;
    if (place < 0) return;
    const last = this.#members[--this.#size] as T;
    this.#members[this.#size] = undefined;
    this.#members[place] = last;
    last.place = place;
    if (last === member) this.#members[place] = undefined;
    member.place = -1;
  }

  /** The members at this moment, whichever leave meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (const member of this.#members.slice(0, this.#size)) yield member as T;
  }
}
