/** What can stand on a {@link Roster}. */
export interface Listed {
  /** Its place there; -1 for none. Only the roster writes it. */
  place: number;
}

/**
 * Who is under way, for thousands who join and leave each second. Not a `Set`: when the engine grows one, the old table keeps alive
 * whoever stood on it until the next full collection, so that requests that are over would grow old and costly. O(1), but to go over all.
 */
export class Roster<T extends Listed> {
  readonly #members: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(member: T): void {
    member.place = this.#size;
    this.#members[this.#size++] = member;
  }

  /** Harmless where it does not stand here. */
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

  /** Those who stand here now, whoever leaves meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (const member of this.#members.slice(0, this.#size)) yield member as T;
  }
}
