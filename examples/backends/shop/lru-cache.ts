/**
 * A cache that drops the least recently used value. The insertion order of a `Map` gives the order of use.
 */
export class LruCache<V> {
  readonly #capacity: number;
  readonly #entries = new Map<string, V>();

  /** @param capacity - number of values, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#capacity) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}
