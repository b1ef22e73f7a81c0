// A few names of fields, to be found among those of a head while it is bytes.

import { HASH_PRIME, HASH_SEED } from './field-role.ts';
import { isWord, NAME } from './octets.ts';

/** Names of fields, in whatever case. */
export class FieldNames {
  readonly #names: readonly string[];
  readonly #hashes: readonly number[];
  /** Bit n says that there is a name whose hash ends with n: most other names need no closer look. */
  readonly #ends: number;

  constructor(names: Iterable<string>) {
    this.#names = [...new Set([...names].map((name) => name.toLowerCase()))];
    this.#hashes = this.#names.map(hashOf);
    this.#ends = this.#hashes.reduce((ends, hash) => ends | (1 << hash), 0);
  }

  /**
   * Whether a name is among them. O(1) for most other names.
   * @param hash - of the name, as a parser computes it
   */
  has(bytes: Uint8Array, from: number, to: number, hash: number): boolean {
    if (((this.#ends >>> hash) & 1) === 0) return false;
    for (let index = 0; index < this.#hashes.length; index++) {
      if (this.#hashes[index] === hash && isWord(bytes, from, to, this.#names[index] as string)) return true;
    }
    return false;
  }
}

function hashOf(name: string): number {
  let hash = HASH_SEED;
  for (let index = 0; index < name.length; index++)
    hash = Math.imul(hash ^ (NAME[name.charCodeAt(index)] ?? 0), HASH_PRIME);
  return hash;
}
