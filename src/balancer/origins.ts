// Where the backends of a pool come from, and which origin counts where several list the same one.

import type { ListedBackend } from './listing.ts';

/** The origin of the caller's array, or of a `replace` without an origin. */
export const CALLER = 'caller';
/** The origin of backends that `add` added. */
export const ADMIN = 'admin';

type Listings = Map<string, ListedBackend>;

/**
 * The backends that each origin lists, by id. If several origins list one, that of `add` counts, else the
 * first that was set of those with names of their own, else the caller's. Weights are not added up across
 * origins.
 */
export class Origins {
  /** In the order in which they were set. */
  readonly #listings = new Map<string, Listings>();

  /** The names of all origins but the caller's. */
  get others(): string[] {
    return [...this.#listings.keys()].filter((origin) => origin !== CALLER);
  }

  /** What an origin lists. */
  listedBy(origin: string): readonly ListedBackend[] {
    return [...(this.#listings.get(origin)?.values() ?? [])];
  }

  /** Sets all that an origin lists. O(n). */
  set(origin: string, listed: readonly ListedBackend[]): void {
    if (listed.length === 0) this.#listings.delete(origin);
    else this.#listings.set(origin, new Map(listed.map((one) => [one.spec.id, one])));
  }

  /** Adds a backend to those that an origin lists. */
  put(origin: string, listed: ListedBackend): void {
    const listings = this.#listings.get(origin);
    if (listings === undefined) this.set(origin, [listed]);
    else listings.set(listed.spec.id, listed);
  }

  /** Removes a backend from those that an origin lists. */
  drop(origin: string, id: string): void {
    this.#listings.get(origin)?.delete(id);
  }

  /** Whether any origin lists a backend. */
  list(id: string): boolean {
    for (const listings of this.#listings.values()) if (listings.has(id)) return true;
    return false;
  }

  /** Each backend once: the caller's in their order, then the others. O(n). */
  merged(): Listings {
    const merged: Listings = new Map(this.#listings.get(CALLER));
    // What is set last counts, and stands where the backend was first.
    for (const origin of this.#ascending())
      for (const [id, one] of this.#listings.get(origin) as Listings)
        merged.set(id, { ...one, index: merged.get(id)?.index ?? -1 });
    return merged;
  }

  /** All origins but the caller's, the one that counts most last. */
  #ascending(): string[] {
    const named = this.others.filter((origin) => origin !== ADMIN).reverse();
    return this.#listings.has(ADMIN) ? [...named, ADMIN] : named;
  }
}
