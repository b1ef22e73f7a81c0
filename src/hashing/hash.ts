/*
 * 32-bit hashes for ring positions. Everything here stays a signed 32-bit integer (`| 0`): on Node 20 a field
 * that holds 2^31 or more is boxed at every store. Readers that need the unsigned value use `>>> 0` on the spot.
 *
 * One multiply and one xor a UTF-16 unit (the shape of FNV-1a, with a full-width multiplier), then the finaliser of
 * MurmurHash3: reading the characters is most of the cost, so the mixing may as well be good. Not cryptographic.
 */

const MULTIPLIER = 0x9e3779b1 | 0;
/** Separates an id from the number of a point, so that `node1`, 1 and `node`, 11 differ. No character has this value. */
const SEPARATOR = 0x10001;
/** 2^32 divided by the golden ratio: multiples of it spread over the whole range. */
const GOLDEN = 0x9e3779b9 | 0;

/** Number of positions of the key space. */
export const KEY_SPACE = 2 ** 32;

/** A bijection of the 32-bit integers in which every input bit flips about half of the output bits. */
export function mix(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The position of the `jump`-th try for a hash; the 0th is the hash itself. */
export function jump(hash: number, count: number): number {
  return count === 0 ? hash : mix(hash + Math.imul(count, GOLDEN));
}

/**
 * The position of a key: any string, lone surrogates included. O(length).
 * @param seed - a secret 32-bit integer keeps others from computing keys that collide
 */
export function hashKey(key: string, seed: number): number {
  const length = key.length;
  let state = seed;
  for (let i = 0; i < length; i++) state = Math.imul(state ^ key.charCodeAt(i), MULTIPLIER);
  return mix(state ^ length);
}

/**
 * Both hashes of a key in one pass. The second is the sum of the states that the first went through: one addition a character, and keys
 * that meet in the end have come by different ways.
 */
export class KeyHasher {
  /** What {@link hashKey} gives. */
  position = 0;
  /** A second hash, to tell keys apart that share a position. */
  fingerprint = 0;

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
 * The first `count` points of a backend on the ring, in the order of their numbers: point k is a hash of the id,
 * a separator and k, so that a higher count only adds points. O(count).
 */
export function pointsOf(id: string, count: number): Uint32Array {
  const hasher = new KeyHasher();
  hasher.read(id, SEPARATOR);
  const stride = hasher.fingerprint | 1;
  const points = new Uint32Array(count);
  for (let k = 0; k < count; k++) points[k] = mix(hasher.position ^ mix(SEPARATOR + Math.imul(k, stride)));
  return points;
}

/** A digest of text as 16 hexadecimal digits. */
export function digest(text: string): string {
  const hasher = new KeyHasher();
  hasher.read(text, 0);
  return [hasher.position, hasher.fingerprint]
    .map((lane) => (lane >>> 0).toString(16).padStart(8, '0'))
    .join('');
}
