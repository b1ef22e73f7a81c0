/** Stands for no backend in the table of slots. */
export const NO_SLOT = 65_535;

const WAYS = 4;
/** 32-bit words of an entry; a set of four entries is one cache line. */
const WORDS = 4;
const FINGERPRINT = 0;
/** When the entry was last seen, as a count of look-ups. */
const SEEN = 1;
/** Low half: slot of the owner; high half: slot of the home. */
const OWNER_HOME = 2;
/** Low half: slot of the origin; high half: number of the membership under which the entry was last checked. */
const ORIGIN_RING = 3;

/**
 * Remembers where keys live: a fixed, set-associative table in one typed array. A key is known by two 32-bit hashes; no string is
 * kept, nothing is allocated after the start, and a full set forgets the key that was not seen for the longest time.
 * 16 bytes a key: 128 KB for 8,192. Every operation is O(1) but {@link KeyMemory.forgetBackend}.
 */
export class KeyMemory {
  /** How many keys it can hold. */
  readonly capacity: number;
  /** How many keys it holds. */
  size = 0;
  readonly #words: Int32Array;
  readonly #setMask: number;
  #now = 0;

  /** @param capacity - a power of two, at least 4 */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#setMask = capacity / WAYS - 1;
    this.#words = new Int32Array(capacity * WORDS).fill(-1);
  }

  /**
   * The entry of a key. Where there is none, the complement (`~`) of the entry that a new key would take: an empty
   * one, else the one not seen for the longest time.
   */
  find(position: number, fingerprint: number): number {
    const words = this.#words;
    const first = (position & this.#setMask) * WAYS * WORDS;
    for (let entry = first; entry < first + WAYS * WORDS; entry += WORDS) {
      if (words[entry + FINGERPRINT] === fingerprint && this.owner(entry) !== NO_SLOT) return entry;
    }
    return ~(this.size < this.capacity ? this.#spare(first) : this.#oldest(first));
  }

  /** Slot of the backend on which a key lives; {@link NO_SLOT} in an empty entry. */
  owner(entry: number): number {
    return (this.#words[entry + OWNER_HOME] as number) & 0xffff;
  }

  /** Slot of its home when it was last checked. */
  home(entry: number): number {
    return (this.#words[entry + OWNER_HOME] as number) >>> 16;
  }

  /** Slot of the backend that it returns to as soon as that one may serve again. */
  origin(entry: number): number {
    return (this.#words[entry + ORIGIN_RING] as number) & 0xffff;
  }

  /** Number (16 bits) of the membership under which it was last checked. */
  ring(entry: number): number {
    return (this.#words[entry + ORIGIN_RING] as number) >>> 16;
  }

  /** Writes an entry, over whatever is there, and marks it as just seen. */
  write(entry: number, fingerprint: number, owner: number, home: number, origin: number, ring: number): void {
    const words = this.#words;
    if (this.owner(entry) === NO_SLOT) this.size++;
    words[entry + FINGERPRINT] = fingerprint;
    words[entry + SEEN] = this.#now = (this.#now + 1) | 0;
    words[entry + OWNER_HOME] = owner | (home << 16);
    words[entry + ORIGIN_RING] = origin | (ring << 16);
  }

  /** An empty entry of a set, else its oldest. */
  #spare(first: number): number {
    for (let entry = first; entry < first + WAYS * WORDS; entry += WORDS) {
      if (this.owner(entry) === NO_SLOT) return entry;
    }
    return this.#oldest(first);
  }

  /** The entry of a set not seen for the longest time. Without a branch: which one it is cannot be predicted. */
  #oldest(first: number): number {
    let oldest = 0;
    for (let way = 0; way < WAYS; way++) {
      // A difference, so that the count of look-ups may wrap round; the way in its lowest bits.
      const age = (this.#now - (this.#words[first + way * WORDS + SEEN] as number)) & 0x1fffffff;
      const candidate = (age << 2) | way;
      const gain = oldest - candidate;
      oldest -= gain & (gain >> 31);
    }
    return first + (oldest & (WAYS - 1)) * WORDS;
  }

  /** Forgets the keys of a backend that left, and that others meant to return to it. O(capacity). */
  forgetBackend(slot: number): void {
    const words = this.#words;
    for (let entry = 0; entry < words.length; entry += WORDS) {
      if (this.origin(entry) === slot)
        words[entry + ORIGIN_RING] = (words[entry + ORIGIN_RING] as number) | NO_SLOT;
      if (this.home(entry) === slot) words[entry + OWNER_HOME] = this.owner(entry) | (NO_SLOT << 16);
      if (this.owner(entry) !== slot) continue;
      words[entry + OWNER_HOME] = (words[entry + OWNER_HOME] as number) | NO_SLOT;
      this.size--;
    }
  }
}
