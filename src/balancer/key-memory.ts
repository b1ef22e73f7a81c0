// The memory of keys: a table that maps a key's two hashes to slots of backends.

import type { Steps } from '../steps.ts';

/** The slot number that means "no backend". */
export const NO_SLOT = 65_535;

const WAYS = 4;
/** 32-bit words of an entry; a set of four entries is one cache line. */
const WORDS = 4;
const FINGERPRINT = 0;
/**
 * High 25 bits: when the entry was last written, as a count of writes; low 7 bits: see {@link GROWTH_BITS}.
 */
const SEEN = 1;
/** Low half: slot of the owner; high half: slot of the home. */
const OWNER_HOME = 2;
/** Low half: slot of the origin; high half: epoch of the membership in which the entry was last checked. */
const ORIGIN_EPOCH = 3;

/** Between two steps so many words are read. */
const STEP = 2 ** 17;

/** The least capacity of a table that grows. */
export const LEAST_GROWING = 8_192;
/**
 * How many bits of the position an entry keeps, beyond those that select its set in a table of
 * {@link LEAST_GROWING} keys. They tell where the entry belongs in a table of up to 2^20 keys.
 */
const GROWTH_BITS = 7;
const GROWTH_MASK = 2 ** GROWTH_BITS - 1;
const GROWTH_SHIFT = Math.log2(LEAST_GROWING / WAYS);

/**
 * Remembers the owner, home and origin of keys: a set-associative table in one typed array. A key is
 * identified by two 32-bit hashes, no string is kept. Nothing is allocated between construction and
 * {@link KeyMemory.grow}. A full set of four overwrites its least recently seen key. 16 bytes a key, 128 KB
 * for 8,192 keys. All operations are O(1), except {@link KeyMemory.forgetBackends} and
 * {@link KeyMemory.grow}.
 */
export class KeyMemory {
  /** How many keys it holds. */
  size = 0;
  #words: Int32Array;
  #setMask: number;
  /** The count of writes, shifted past the bits that each entry keeps beside it. */
  #now = 0;

  /** @param capacity - a power of two, at least 4 */
  constructor(capacity: number) {
    this.#setMask = capacity / WAYS - 1;
    this.#words = new Int32Array(capacity * WORDS).fill(-1);
  }

  /** How many keys it can hold. */
  get capacity(): number {
    return this.#words.length / WORDS;
  }

  /**
   * Makes room for more keys; every remembered key stays. O(capacity).
   * @param capacity - a power of two up to 2^20. The present capacity must be at least {@link LEAST_GROWING}
   */
  grow(capacity: number): void {
    const old = this.#words;
    const words = new Int32Array(capacity * WORDS).fill(-1);
    const setMask = capacity / WAYS - 1;
    for (let entry = 0; entry < old.length; entry += WORDS) {
      if (this.owner(entry) === NO_SLOT) continue;
      const set = Math.floor(entry / (WAYS * WORDS)) & (2 ** GROWTH_SHIFT - 1);
      const kept = ((old[entry + SEEN] as number) & GROWTH_MASK) << GROWTH_SHIFT;
      // A set takes the entries of one old set only, so that it has room for them.
      let to = ((set | kept) & setMask) * WAYS * WORDS;
      while (((words[to + OWNER_HOME] as number) & 0xffff) !== NO_SLOT) to += WORDS;
      for (let word = 0; word < WORDS; word++) words[to + word] = old[entry + word] as number;
    }
    this.#words = words;
    this.#setMask = setMask;
  }

  /**
   * The entry of a key. If the key is not remembered, the complement (`~`) of the entry that it would get: an
   * empty entry of its set, else the least recently seen one.
   */
  find(position: number, fingerprint: number): number {
    const words = this.#words;
    const first = (position & this.#setMask) * WAYS * WORDS;
    for (let entry = first; entry < first + WAYS * WORDS; entry += WORDS) {
      if (words[entry + FINGERPRINT] === fingerprint && this.owner(entry) !== NO_SLOT) return entry;
    }
    return ~(this.size < this.capacity ? this.#spare(first) : this.#oldest(first));
  }

  /** Slot of the backend that owns the key; {@link NO_SLOT} in an empty entry. */
  owner(entry: number): number {
    return (this.#words[entry + OWNER_HOME] as number) & 0xffff;
  }

  /** Slot of the key's home when the entry was last checked. */
  home(entry: number): number {
    return (this.#words[entry + OWNER_HOME] as number) >>> 16;
  }

  /**
   * Slot of the backend that the key returns to when that one can serve it again; {@link NO_SLOT} for none.
   */
  origin(entry: number): number {
    return (this.#words[entry + ORIGIN_EPOCH] as number) & 0xffff;
  }

  /** Epoch (16 bits) of the membership in which the entry was last checked. */
  epoch(entry: number): number {
    return (this.#words[entry + ORIGIN_EPOCH] as number) >>> 16;
  }

  /** Overwrites an entry and marks it as just seen. */
  write(
    entry: number,
    position: number,
    fingerprint: number,
    owner: number,
    home: number,
    origin: number,
    epoch: number,
  ): void {
    const words = this.#words;
    if (this.owner(entry) === NO_SLOT) this.size++;
    words[entry + FINGERPRINT] = fingerprint;
    this.#now = (this.#now + GROWTH_MASK + 1) | 0;
    words[entry + SEEN] = this.#now | ((position >>> GROWTH_SHIFT) & GROWTH_MASK);
    words[entry + OWNER_HOME] = owner | (home << 16);
    words[entry + ORIGIN_EPOCH] = origin | (epoch << 16);
  }

  /** An empty entry of a set, else its least recently seen one. */
  #spare(first: number): number {
    for (let entry = first; entry < first + WAYS * WORDS; entry += WORDS) {
      if (this.owner(entry) === NO_SLOT) return entry;
    }
    return this.#oldest(first);
  }

  /** The least recently seen entry of a set. Branch-free, as the processor could not predict the branch. */
  #oldest(first: number): number {
    let oldest = 0;
    for (let way = 0; way < WAYS; way++) {
      // Ages are differences, so that the count may wrap round. The lowest two bits hold the way.
      const seen = (this.#words[first + way * WORDS + SEEN] as number) & ~GROWTH_MASK;
      const age = (this.#now - seen) >>> GROWTH_BITS;
      const candidate = (age << 2) | way;
      const gain = oldest - candidate;
      oldest -= gain & (gain >> 31);
    }
    return first + (oldest & (WAYS - 1)) * WORDS;
  }

  /**
   * Forgets the keys of removed backends, and clears these as home and origin of other keys. O(capacity).
   * @param forgot - gets the number of keys that a step forgot
   */
  *forgetBackends(slots: readonly number[], forgot: (keys: number) => void): Steps {
    const words = this.#words;
    const isGone = new Uint8Array(NO_SLOT + 1);
    for (const slot of slots) isGone[slot] = 1;
    for (let from = 0; from < words.length; from += STEP) {
      if (from > 0) yield;
      // Has grown meanwhile, into a table that is swept again.
      if (words !== this.#words) return yield* this.forgetBackends(slots, forgot);
      const before = this.size;
      this.#forgetIn(from, Math.min(from + STEP, words.length), isGone);
      forgot(before - this.size);
    }
  }

  #forgetIn(from: number, to: number, isGone: Uint8Array): void {
    const words = this.#words;
    for (let entry = from; entry < to; entry += WORDS) {
      if (isGone[this.origin(entry)] === 1)
        words[entry + ORIGIN_EPOCH] = (words[entry + ORIGIN_EPOCH] as number) | NO_SLOT;
      if (isGone[this.home(entry)] === 1) words[entry + OWNER_HOME] = this.owner(entry) | (NO_SLOT << 16);
      if (isGone[this.owner(entry)] !== 1) continue;
      words[entry + OWNER_HOME] = (words[entry + OWNER_HOME] as number) | NO_SLOT;
      this.size--;
    }
  }
}
