// The counters of a rate limiter, in tables of a fixed size: keys are kept as digests only.

import { hash, randomBytes } from 'node:crypto';
import { EvictedCounts, type WindowCount } from './evicted-counts.ts';

/** Entries in which a key may lie. */
const WAYS = 8;

/**
 * Counts requests in windows that begin with a key's first request. A key is kept as 64 bits of a digest that
 * has a secret in it, so that clients cannot choose keys that collide; an entry takes 20 bytes. A new key
 * whose set of 8 entries is full takes the entry of the least used one, whose count goes to
 * {@link EvictedCounts}: it is never forgotten before its window ends. Every operation is O(length of the
 * key).
 */
export class WindowTable {
  /** How often a key lost its entry before its window ended. */
  evicted = 0;
  readonly #points: number;
  readonly #durationMs: number;
  readonly #secret = randomBytes(16).toString('hex');
  readonly #sets: number;
  /** Two words of the digest for each entry. */
  readonly #tags: Uint32Array;
  readonly #used: Uint32Array;
  /** When the window of each entry ends; -Infinity in an entry that was never used. */
  readonly #ends: Float64Array;
  readonly #evictedCounts: EvictedCounts;

  /** @param maxKeys - how many entries it has, rounded up to a multiple of 8 */
  constructor(points: number, durationMs: number, maxKeys: number) {
    this.#points = points;
    this.#durationMs = durationMs;
    this.#sets = Math.ceil(maxKeys / WAYS);
    const entries = this.#sets * WAYS;
    this.#tags = new Uint32Array(entries * 2);
    this.#used = new Uint32Array(entries);
    this.#ends = new Float64Array(entries).fill(Number.NEGATIVE_INFINITY);
    this.#evictedCounts = new EvictedCounts(durationMs, entries);
  }

  /** Size of all tables in bytes. It does not grow after the first eviction. */
  get byteLength(): number {
    const { byteLength } = this.#evictedCounts;
    return this.#tags.byteLength + this.#used.byteLength + this.#ends.byteLength + byteLength;
  }

  /** Number of keys that have an entry, and whose window has not ended. O(maxKeys). */
  keysAt(now: number): number {
    let keys = 0;
    for (const endsAt of this.#ends) if (endsAt > now) keys++;
    return keys;
  }

  /** Counts one request of a key. */
  count(key: string, now: number): WindowCount {
    const digest = hash('sha256', this.#secret + key, 'buffer');
    const low = digest.readUInt32LE(0);
    const high = digest.readUInt32LE(4);
    if (this.#sets === 0) return this.#countUnlisted(low, high, now);
    const first = (digest.readUInt32LE(8) % this.#sets) * WAYS;
    const entry = this.#find(first, low, high);
    if (entry >= 0 && (this.#ends[entry] as number) > now) {
      this.#used[entry] = this.#plusOne(this.#used[entry] as number);
      return { used: this.#used[entry] as number, endsAt: this.#ends[entry] as number };
    }
    const free = entry >= 0 ? entry : this.#makeRoom(first, now);
    const counted = this.#begin(low, high, now);
    this.#tags[2 * free] = low;
    this.#tags[2 * free + 1] = high;
    this.#used[free] = counted.used;
    this.#ends[free] = counted.endsAt;
    return counted;
  }

  #find(first: number, low: number, high: number): number {
    for (let entry = first; entry < first + WAYS; entry++) {
      if (this.#tags[2 * entry] === low && this.#tags[2 * entry + 1] === high) return entry;
    }
    return -1;
  }

  /** The first request of a new key, or the next one of a key that lost its entry. */
  #begin(low: number, high: number, now: number): WindowCount {
    const { used, endsAt } = this.#evictedCounts.read(low, high, now);
    return used === 0 ? { used: 1, endsAt: now + this.#durationMs } : { used: this.#plusOne(used), endsAt };
  }

  /** Counts a key where there are no entries at all. */
  #countUnlisted(low: number, high: number, now: number): WindowCount {
    const counted = this.#begin(low, high, now);
    this.#evictedCounts.add(low, high, counted, now);
    this.evicted++;
    return counted;
  }

  /** An entry whose window has ended, else that of the least used key, which is evicted. */
  #makeRoom(first: number, now: number): number {
    let least = first;
    for (let entry = first; entry < first + WAYS; entry++) {
      if ((this.#ends[entry] as number) <= now) return entry;
      if ((this.#used[entry] as number) < (this.#used[least] as number)) least = entry;
    }
    const [low, high] = [this.#tags[2 * least] as number, this.#tags[2 * least + 1] as number];
    const counted = { used: this.#used[least] as number, endsAt: this.#ends[least] as number };
    this.#evictedCounts.add(low, high, counted, now);
    this.evicted++;
    return least;
  }

  /** One more, up to one more than are allowed: nothing tells apart how often a key was refused. */
  #plusOne(used: number): number {
    return Math.min(used, this.#points) + 1;
  }
}
