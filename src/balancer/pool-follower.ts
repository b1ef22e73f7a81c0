// Follows the caller's array of backends: notices that it changed and reads it again.

import type { BackendPoolEntry, BackendTraits } from '../contracts.ts';
import { isError } from '../errors.ts';
import { shown } from '../shown.ts';
import { type BackendSpec, checkWeight, readEntry } from './address.ts';

/** A backend listed in the caller's array. The weights of several entries for it are added up. */
export interface ListedBackend {
  readonly spec: BackendSpec;
  readonly weight: number;
  /** Index of its first entry in the array. */
  readonly index: number;
}

/** An invalid entry of the caller's array, or the array itself if it cannot be read. */
export interface RejectedEntry {
  /** Its index in the array; -1 for the array itself. */
  readonly index: number;
  /** The error message: place, rule and value. */
  readonly message: string;
}

/** A backend while the array is read, with the weights of all its entries. */
interface Listing {
  readonly spec: BackendSpec;
  weights: readonly number[];
  readonly index: number;
}

/** An array of up to this many entries is compared completely before every decision. */
const COMPARED = 64;
/**
 * Of a longer array, the next 16 entries are compared, and the weight of every fourth of them; the phase
 * rotates.
 */
const WINDOW = 16;
const PHASES = 4;

/**
 * Follows the caller's array, which may change at any time. {@link PoolFollower.hasChanged} costs a few
 * nanoseconds; {@link PoolFollower.read} reads the array again. Entries are compared by identity and weight.
 */
export class PoolFollower {
  /** The invalid entries of the last reading. */
  rejected: readonly RejectedEntry[] = [];
  /** The first error of the last reading. */
  error: unknown = undefined;
  readonly #source: readonly BackendPoolEntry[];
  readonly #name: string;
  /** Whether the last reading threw. Then the result of the reading before stays valid. */
  #isUnreadable = false;
  #entries: readonly BackendPoolEntry[] = [];
  #weights: readonly unknown[] = [];
  /**
   * Start of the next window of a long array, and the phase: which entry of each four has its weight
   * compared.
   */
  #next = 0;
  #phase = 0;

  /** @param name - the name of the array in error messages */
  constructor(source: readonly BackendPoolEntry[], name: string) {
    if (!Array.isArray(source))
      throw new TypeError(`${name} must be an array of backends, got ${String(source)}`);
    this.#source = source;
    this.#name = name;
  }

  /**
   * Whether the array differs from the last reading. O(1): of an array with more than 64 entries, one call
   * compares the length, 16 entries and 4 weights. So a replaced entry is noticed within n/16 calls, a
   * changed weight within n/4.
   */
  hasChanged(): boolean {
    if (this.#isUnreadable) return true;
    try {
      return this.#hasMoved();
    } catch {
      return true;
    }
  }

  #hasMoved(): boolean {
    const length = this.#source.length;
    if (length !== this.#entries.length) return true;
    if (length <= COMPARED) return this.#differs(0, length);
    const from = this.#next;
    const to = Math.min(from + WINDOW, length);
    const phase = this.#phase;
    this.#next = to < length ? to : 0;
    if (to === length) this.#phase = (phase + 1) % PHASES;
    return this.#windowDiffers(from, to, phase);
  }

  /**
   * Whether one entry of a long array changed since the last reading. Checked for every picked backend, so
   * that a replaced entry is never used.
   * @param index - negative for a backend that is not listed in the array
   */
  hasChangedAt(index: number): boolean {
    if (index < 0 || this.#entries.length <= COMPARED) return false;
    try {
      return this.#differs(index, index + 1);
    } catch {
      return true;
    }
  }

  /**
   * Reads the array. The weights of entries for the same backend are added up. Invalid entries are left out
   * and recorded in {@link PoolFollower.rejected}. O(n).
   * @returns `undefined` if the array itself cannot be read, which is recorded in the same way
   */
  read(): ListedBackend[] | undefined {
    const entries = this.#readEntries();
    if (entries === undefined) return undefined;
    const listed = new Map<string, Listing>();
    const rejected: RejectedEntry[] = [];
    for (const [index, entry] of entries.entries()) {
      const where = `${this.#name}[${index}]`;
      try {
        this.#list(listed, readEntry(entry, where), index, where);
      } catch (error) {
        if (rejected.length === 0) this.error = error;
        rejected.push({ index, message: isError(error) ? error.message : String(error) });
      }
    }
    this.#entries = entries;
    this.#weights = entries.map(weightOf);
    this.rejected = rejected;
    return [...listed.values()].map(({ spec, weights, index }) => ({ spec, weight: sumOf(weights), index }));
  }

  /** Adds an entry to those read before it. @throws RangeError if it contradicts one of them */
  #list(listed: Map<string, Listing>, spec: BackendSpec, index: number, where: string): void {
    const known = listed.get(spec.id);
    if (known === undefined) {
      listed.set(spec.id, { spec, weights: [spec.weight], index });
      return;
    }
    const first = `${this.#name}[${known.index}]`;
    if (known.spec.address !== spec.address)
      throw new RangeError(
        `${where}.id ${JSON.stringify(spec.id)} already stands for ${known.spec.url} at ${first}, got ${spec.url}`,
      );
    const weights = [...known.weights, spec.weight];
    checkWeight(sumOf(weights), `${where}.weight, added to that of ${first},`);
    known.weights = weights;
  }

  #readEntries(): BackendPoolEntry[] | undefined {
    try {
      const entries = [...this.#source];
      this.#isUnreadable = false;
      return entries;
    } catch (cause) {
      const reason = isError(cause) ? cause.message : shown(cause);
      const message = `${this.#name} cannot be read: ${reason}`;
      this.#isUnreadable = true;
      this.error = new TypeError(message, { cause });
      this.rejected = [{ index: -1, message }];
      return undefined;
    }
  }

  /** Whether an entry or its weight differs from the last reading. */
  #differs(from: number, to: number): boolean {
    const source = this.#source;
    const entries = this.#entries;
    for (let i = from; i < to; i++) if (source[i] !== entries[i] || this.#weightDiffers(i)) return true;
    return false;
  }

  /**
   * The same for a window of a long array. Compares only every fourth weight, as reading weights takes
   * longer.
   */
  #windowDiffers(from: number, to: number, phase: number): boolean {
    const source = this.#source;
    const entries = this.#entries;
    for (let i = from; i < to; i++) if (source[i] !== entries[i]) return true;
    for (let i = from + phase; i < to; i += PHASES) if (this.#weightDiffers(i)) return true;
    return false;
  }

  #weightDiffers(i: number): boolean {
    const weight = weightOf(this.#source[i]);
    // Object.is, as NaN differs from itself: an entry with this invalid weight must not look changed at each
    // call.
    return weight !== this.#weights[i] && !Object.is(weight, this.#weights[i]);
  }
}

/** Added up in the order of size, so that the sum is exactly the same for every order of the entries. */
function sumOf(weights: readonly number[]): number {
  return [...weights].sort((a, b) => a - b).reduce((sum, weight) => sum + weight, 0);
}

/** The weight of an entry, unchecked. */
function weightOf(entry: BackendPoolEntry | undefined): unknown {
  return typeof entry === 'object' && entry !== null ? readWeight(entry as BackendTraits) : undefined;
}

function readWeight(entry: BackendTraits): unknown {
  try {
    return entry.weight;
  } catch {
    return undefined;
  }
}
