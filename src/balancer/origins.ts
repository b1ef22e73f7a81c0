// Where the backends of a pool come from, and which origin counts where several list the same one.

import type { ListedBackend, Listings } from './listing.ts';

/** The origin of the caller's array, or of a `replace` without an origin. */
export const CALLER = 'caller';
/** The origin of backends that `add` added. */
export const ADMIN = 'admin';

const NOTHING: Listings = new Map();

/**
 * The backends that each origin lists, by id. If several origins list one, that of `add` counts, else the
 * first that was set of those with names of their own, else the caller's. Weights are not added up across
 * origins.
 */
export class Origins {
  /** In the order in which they were set. */
  readonly #listings = new Map<string, Map<string, ListedBackend>>();

  /** The names of all origins but the caller's. */
  get others(): string[] {
    return [...this.#listings.keys()].filter((origin) => origin !== CALLER);
  }

  /** What an origin lists. */
  listedBy(origin: string): Listings {
    return this.#listings.get(origin) ?? NOTHING;
  }

  /** Sets all that an origin lists; the list may change with `put` and `drop`. */
  set(origin: string, listed: Listings): void {
    if (listed.size === 0) this.#listings.delete(origin);
    else this.#listings.set(origin, listed as Map<string, ListedBackend>);
  }

  /** Adds a backend to those that an origin lists. */
  put(origin: string, listed: ListedBackend): void {
    const listings = this.#listings.get(origin);
    if (listings === undefined) this.set(origin, new Map([[listed.spec.id, listed]]));
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

  /** Each backend once: the caller's in their order, then the others. O(n) with several origins. */
  merged(): Listings {
    const [only = NOTHING, ...more] = this.#listings.values();
    if (more.length === 0) return only;
    const callers = this.listedBy(CALLER);
    const merged = new Map(callers);
    // What is set last counts, and stands where the backend was first.
    for (const origin of this.#ascending())
      for (const [id, one] of this.listedBy(origin)) {
        const index = callers.get(id)?.index ?? -1;
        merged.set(id, index === one.index ? one : { ...one, index });
      }
    return merged;
  }

  /** All origins but the caller's, the one that counts most last. */
  #ascending(): string[] {
    const named = this.others.filter((origin) => origin !== ADMIN).reverse();
    return this.#listings.has(ADMIN) ? [...named, ADMIN] : named;
  }
}
