// The set of active requests or connections, which thousands enter and leave each second.

/** An entry of an {@link ActiveSet}. */
export interface ActiveMember {
  /** Its index in the set; -1 if it is not in one. Only the set writes it. */
  place: number;
}

/**
 * Not a `Set`: when V8 grows a `Set`, the old table keeps its entries alive until the next full collection,
 * so ended requests would be promoted to the old generation. O(1), except iteration.
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

  /** Removes an entry; without effect if it is not in the set. */
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

  /** The entries at the start of the iteration, even if some leave meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (const member of this.#members.slice(0, this.#size)) yield member as T;
  }
}
