/*
 * The 32-bit hashes of keys and of ring points. All values are signed 32-bit integers (`| 0`), as Node 20
 * boxes a field that holds 2^31 or more at every store. Code that needs the unsigned value applies `>>> 0`.
 *
 * The hash takes one xor and one multiplication for each UTF-16 unit, like FNV-1a but with a full-width
 * multiplier, and ends with the finalizer of MurmurHash3. Reading the characters dominates the cost, so the
 * better mixing is almost free. Not cryptographic.
 */

const MULTIPLIER = 0x9e3779b1 | 0;
/**
 * Separates an id from the number of a point, so that `node1` + 1 and `node` + 11 differ. No UTF-16 unit has
 * this value.
 */
const SEPARATOR = 0x10001;
/** 2^32 divided by the golden ratio. Its multiples modulo 2^32 are spread evenly over the range. */
const GOLDEN = 0x9e3779b9 | 0;

/** Number of positions of the key space. */
export const KEY_SPACE = 2 ** 32;

/** A bijection on the 32-bit integers: changing one input bit flips about half of the output bits. */
export function mix(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Number `count` in the sequence of pseudo-random positions for a hash; number 0 is the hash itself. */
export function jump(hash: number, count: number): number {
  return count === 0 ? hash : mix(hash + Math.imul(count, GOLDEN));
}

/**
 * The hash of a key, which is its position on the ring. The key may be any string, lone surrogates included.
 * O(length).
 * @param seed - a 32-bit integer; if it is secret, clients cannot compute keys that collide
 */
export function hashKey(key: string, seed: number): number {
  const length = key.length;
  let state = seed;
  for (let i = 0; i < length; i++) state = Math.imul(state ^ key.charCodeAt(i), MULTIPLIER);
  return mix(state ^ length);
}

/**
 * Computes two hashes of a key in one pass. The second is the sum of all intermediate states of the first. It
 * costs one addition for each character, and keys with the same first hash nearly always have different sums.
 */
export class KeyHasher {
  /** The hash that {@link hashKey} returns. */
  position = 0;
  /** The second hash, to tell keys apart that share a position. */
  fingerprint = 0;

  /** Hashes a key and leaves the results in the fields. */
  read(key: string, seed: number): void {
    const length = key.length;
    let state = seed;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      state = Math.imul(state ^ key.charCodeAt(i), MULTIPLIER);
      sum = (sum + state) | 0;
    }
    this.position = mix(state ^ length);
    this.fingerprint = mix(sum ^ length);
  }
}

/**
 * The first `count` ring points of a backend, in the order of their numbers. Point k depends on the id and k
 * alone, so a higher count only adds points. O(count).
 */
export function pointsOf(id: string, count: number): Uint32Array {
  const hasher = new KeyHasher();
  hasher.read(id, SEPARATOR);
  const stride = hasher.fingerprint | 1;
  const points = new Uint32Array(count);
  for (let k = 0; k < count; k++) points[k] = mix(hasher.position ^ mix(SEPARATOR + Math.imul(k, stride)));
  return points;
}

/** A digest of a text, as 16 hexadecimal digits. Not cryptographic. */
export function digest(text: string): string {
  const hasher = new KeyHasher();
  hasher.read(text, 0);
  return [hasher.position, hasher.fingerprint]
    .map((lane) => (lane >>> 0).toString(16).padStart(8, '0'))
    .join('');
}
