// The cache of a simulated backend: what affinity is for.

/** Remembers the keys that were used last. O(1). */
export class KeyCache<K> {
  readonly #size: number;
  readonly #keys = new Set<K>();

  /** @param size - how many keys it holds, an integer of at least 1 */
  constructor(size: number) {
    this.#size = size;
  }

  /** Uses a key. @returns whether it was in the cache; it is now */
  use(key: K): boolean {
    const isHit = this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size > this.#size) this.#keys.delete(this.#keys.keys().next().value as K);
    return isHit;
  }

  /** Forgets all keys. */
  clear(): void {
    this.#keys.clear();
  }
}
