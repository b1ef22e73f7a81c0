import type { BackendPoolEntry, BackendTraits } from '../contracts.ts';
import { shown } from '../shown.ts';
import { type BackendSpec, checkWeight, readEntry } from './address.ts';

/** A backend of the caller's array, with the weights of its entries added up. */
export interface ListedBackend {
  readonly spec: BackendSpec;
  readonly weight: number;
  /** Where its first entry stands in the array. */
  readonly place: number;
}

/** An entry of the caller's array that cannot be used; or the array itself, where that cannot be read. */
export interface RejectedEntry {
  /** Its place in the array; -1 for the array itself. */
  readonly index: number;
  /** What is wrong with it: place, rule and value. */
  readonly message: string;
}

/** Up to this many entries are all compared before every decision. */
const COMPARED = 64;
/** Of a longer array this many in turn, and the weight of each of these at every fourth turn. */
const WINDOW = 16;
const PHASES = 4;

/**
 * Follows the caller's array, which may change at any time: {@link PoolFollower.hasChanged} costs a few nanoseconds, and
 * {@link PoolFollower.read} reads it anew. Entries are compared by identity and weight.
 */
export class PoolFollower {
  /** What the last reading could not use. */
  rejected: readonly RejectedEntry[] = [];
  /** The first thing that was wrong at the last reading. */
  error: unknown = undefined;
  readonly #source: readonly BackendPoolEntry[];
  readonly #name: string;
  /** Whether the array threw when it was read: what was read before stands until it can be read again. */
  #isUnreadable = false;
  #entries: readonly BackendPoolEntry[] = [];
  #weights: readonly unknown[] = [];
  /** Where the window of a long array stands, and whose weights it compares on this way through. */
  #next = 0;
  #phase = 0;

  /** @param name - how messages call the array */
  constructor(source: readonly BackendPoolEntry[], name: string) {
    if (!Array.isArray(source))
      throw new TypeError(`${name} must be an array of backends, got ${String(source)}`);
    this.#source = source;
    this.#name = name;
  }

  /**
   * Whether the array differs from the last reading. O(1): of an array of more than 64, the length is compared, 16 entries in
   * turn and the weights of 4 of them, so that another entry in the same place is seen within n/16 calls, another weight within n/4.
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
   * Whether the entry at one place of a long array has changed: guards against using a backend that was just replaced.
   * @param place - negative for a backend that does not come from the array
   */
  hasChangedAt(place: number): boolean {
    if (place < 0 || this.#entries.length <= COMPARED) return false;
    try {
      return this.#differs(place, place + 1);
    } catch {
      return true;
    }
  }

  /**
   * Reads the array. Entries of one backend add up; what cannot be used is left out and noted in {@link PoolFollower.rejected}.
   * O(n).
   * @returns `undefined` where the array itself cannot be read, which is noted in the same way
   */
  read(): ListedBackend[] | undefined {
    const entries = this.#readEntries();
    if (entries === undefined) return undefined;
    const listed = new Map<string, { spec: BackendSpec; weight: number; place: number }>();
    const byAddress = new Map<string, string>();
    const rejected: RejectedEntry[] = [];
    for (const [index, entry] of entries.entries()) {
      const where = `${this.#name}[${index}]`;
      try {
        const spec = readEntry(entry, where);
        const id = spec.named ? spec.id : (byAddress.get(spec.address) ?? spec.id);
        const known = listed.get(id);
        if (known === undefined) {
          listed.set(id, { spec, weight: spec.weight, place: index });
          if (!spec.named) byAddress.set(spec.address, id);
        } else if (known.spec.address === spec.address) {
          known.weight = checkWeight(
            known.weight + spec.weight,
            `${where}.weight, added to that of ${this.#name}[${known.place}],`,
          );
        } else {
          throw new RangeError(
            `${where}.id ${JSON.stringify(id)} already stands for ${known.spec.url} at ${this.#name}[${known.place}], got ${spec.url}`,
          );
        }
      } catch (error) {
        if (rejected.length === 0) this.error = error;
        rejected.push({ index, message: error instanceof Error ? error.message : String(error) });
      }
    }
    this.#entries = entries;
    this.#weights = entries.map(weightOf);
    this.rejected = rejected;
    return [...listed.values()];
  }

  #readEntries(): BackendPoolEntry[] | undefined {
    try {
      const entries = [...this.#source];
      this.#isUnreadable = false;
      return entries;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : shown(cause);
      const message = `${this.#name} cannot be read: ${reason}`;
      this.#isUnreadable = true;
      this.error = new TypeError(message, { cause });
      this.rejected = [{ index: -1, message }];
      return undefined;
    }
  }

  /** Whether some entries are others, or weigh otherwise. */
  #differs(from: number, to: number): boolean {
    const source = this.#source;
    const entries = this.#entries;
    for (let i = from; i < to; i++) if (source[i] !== entries[i] || this.#weighsOther(i)) return true;
    return false;
  }

  /** The same for a window of a long array, but for most weights, which take longer to read. */
  #windowDiffers(from: number, to: number, phase: number): boolean {
    const source = this.#source;
    const entries = this.#entries;
    for (let i = from; i < to; i++) if (source[i] !== entries[i]) return true;
    for (let i = from + phase; i < to; i += PHASES) if (this.#weighsOther(i)) return true;
    return false;
  }

  #weighsOther(i: number): boolean {
    const weight = weightOf(this.#source[i]);
    // NaN, which is wrong but must not look new each time, differs from itself.
    return weight !== this.#weights[i] && !Object.is(weight, this.#weights[i]);
  }
}

/** The weight as it stands, right or wrong. */
function weightOf(entry: BackendPoolEntry | undefined): unknown {
  return typeof entry === 'object' && entry !== null ? readWeight(entry) : undefined;
}

function readWeight(entry: BackendTraits): unknown {
  try {
    return entry.weight;
  } catch {
    return undefined;
  }
}
