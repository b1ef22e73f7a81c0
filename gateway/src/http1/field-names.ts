// A few names of fields, to be found among those of a head while it is bytes.

import { nameHash } from './field-role.ts';
import { isWord } from './octets.ts';

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

  /** Whether a name is among them. O(1) for most other names. */
  has(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#ends === 0) return false;
    const hash = nameHash(bytes, from, to);
    if (((this.#ends >>> hash) & 1) === 0) return false;
    for (let index = 0; index < this.#hashes.length; index++) {
      if (this.#hashes[index] === hash && isWord(bytes, from, to, this.#names[index] as string)) return true;
    }
    return false;
  }
}

function hashOf(name: string): number {
  return nameHash(Buffer.from(name, 'latin1'), 0, name.length);
}
