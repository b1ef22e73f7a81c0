// Follows the caller's array of backends: notices that it changed and reads it again.

import type { BackendPoolEntry } from '../contracts.ts';
import { isError } from '../errors.ts';
import { shown } from '../shown.ts';
import { atOnce } from '../steps.ts';
import { type BackendSpec, readEntry } from './address.ts';
import { type EntrySnapshot, snapshotOf } from './entry-snapshot.ts';
import { type Listings, type ListRules, listBackends } from './listing.ts';

/** An invalid entry of the caller's array, or the array itself if it cannot be read. */
export interface RejectedEntry {
  /** Its index in the array; -1 for the array itself. */
  readonly index: number;
  /** The error message: place, rule and value. */
  readonly message: string;
}

/** No length that an array can have. */
const UNREADABLE = -1;
/** At every eighth pick a window of the array is compared. */
const PICKS = 8;
/** An array of up to this many entries is compared as a whole before every call that is no pick. */
const COMPARED = 64;

/**
 * Follows the caller's array, which may change at any time. The `hasChanged` methods notice that it did, at
 * little cost; {@link PoolFollower.read} reads it again. Entries are compared by identity and by all their
 * properties, so that entries changed in place are noticed.
 */
export class PoolFollower {
  /** The invalid entries of the last reading. */
  rejected: readonly RejectedEntry[] = [];
  /** The first error of the last reading. */
  error: unknown = undefined;
  readonly #source: readonly BackendPoolEntry[];
  readonly #name: string;
  #entries: readonly BackendPoolEntry[] = [];
  #snapshots: readonly (EntrySnapshot | undefined)[] = [];
  /** What each entry was read as; `undefined` for an invalid one. */
  #specs: readonly (BackendSpec | undefined)[] = [];
  #listed: Listings | undefined;
  /** Length at the last reading; {@link UNREADABLE} if that threw. Then the reading before stays valid. */
  #length = 0;
  #picks = 0;
  /** Start and size of the next window. */
  #next = 0;
  #size = 0;

  /** @param name - the name of the array in error messages */
  constructor(source: readonly BackendPoolEntry[], name: string) {
    if (!Array.isArray(source))
      throw new TypeError(`${name} must be an array of backends, got ${String(source)}`);
    this.#source = source;
    this.#name = name;
  }

  /** Whether the array had no entry when it was last read. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /**
   * Whether the array is seen to differ from the last reading, to be asked at each pick. O(1): compares the
   * length, and at every eighth pick the next entries, 8 or as many as it takes to compare each entry once
   * in n picks.
   */
  hasChangedAtPick(): boolean {
    const isTurn = (this.#picks = (this.#picks + 1) % PICKS) === 0;
    try {
      if (this.#source.length !== this.#length) return isTurn || this.#length !== UNREADABLE;
    } catch {
      return isTurn || this.#length !== UNREADABLE;
    }
    return isTurn && this.#hasChangedNext();
  }

  /** The same, to be asked at other calls: compares up to 64 entries, of a longer array the next window. */
  hasChangedAtCall(): boolean {
    return this.#entries.length <= COMPARED
      ? this.hasChanged()
      : this.#hasOtherLength() || this.#hasChangedNext();
  }

  /** Whether the array differs from the last reading in any way. O(n). */
  hasChanged(): boolean {
    return this.#hasOtherLength() || this.#differ(0, this.#entries.length);
  }

  /**
   * Whether another entry has taken a place of the array. Checked for every picked backend, so that a
   * replaced entry is never used.
   * @param index - negative for a backend that is not listed in the array
   */
  hasReplaced(index: number): boolean {
    if (index < 0) return false;
    try {
      return this.#source[index] !== this.#entries[index];
    } catch {
      return true;
    }
  }

  /**
   * Reads the array. The weights of entries for the same backend are added up. Invalid entries are left out
   * and recorded in {@link PoolFollower.rejected}. O(n); only entries that have changed are checked again.
   * @returns `undefined` if the array itself cannot be read, which is recorded in the same way
   */
  read(): Listings | undefined {
    const entries = this.#readEntries();
    if (entries === undefined) return undefined;
    const before = new Reading(this.#entries, this.#snapshots, this.#specs);
    const snapshots: (EntrySnapshot | undefined)[] = new Array(entries.length).fill(undefined);
    const specs: (BackendSpec | undefined)[] = [...snapshots] as undefined[];
    const rejected: RejectedEntry[] = [];
    const rules: ListRules = {
      name: this.#name,
      isFollowed: true,
      before: this.#listed,
      specOf: (entry, index) => {
        const at = before.indexOf(entry, index);
        snapshots[index] = at < 0 ? snapshotOf(entry) : before.snapshots[at];
        return (specs[index] = before.specs[at] ?? readEntry(entry, `${this.#name}[${index}]`));
      },
      reject: (error, index) => {
        if (rejected.length === 0) this.error = error;
        rejected.push({ index, message: isError(error) ? error.message : String(error) });
      },
    };
    const listed = (this.#listed = atOnce(listBackends(entries, rules)));
    this.#entries = entries;
    this.#length = entries.length;
    this.#snapshots = snapshots;
    this.#specs = specs;
    this.#next = 0;
    this.#size = Math.ceil(entries.length / Math.max(1, Math.floor(entries.length / PICKS)));
    this.rejected = rejected;
    return listed;
  }

  #readEntries(): BackendPoolEntry[] | undefined {
    try {
      const entries = Array.from(this.#source);
      return entries;
    } catch (cause) {
      const reason = isError(cause) ? cause.message : shown(cause);
      const message = `${this.#name} cannot be read: ${reason}`;
      this.#length = UNREADABLE;
      this.error = new TypeError(message, { cause });
      this.rejected = [{ index: -1, message }];
      return undefined;
    }
  }

  #hasOtherLength(): boolean {
    try {
      return this.#source.length !== this.#length;
    } catch {
      return true;
    }
  }

  /** Compares the next window, which goes on at the beginning of the array after its end. */
  #hasChangedNext(): boolean {
    const { length } = this.#entries;
    const from = this.#next;
    const to = from + this.#size;
    this.#next = to < length ? to : to - length;
    return to <= length ? this.#differ(from, to) : this.#differ(from, length) || this.#differ(0, to - length);
  }

  /** Whether one of some entries differs from the last reading. */
  #differ(from: number, to: number): boolean {
    const source = this.#source;
    const entries = this.#entries;
    const snapshots = this.#snapshots;
    try {
      for (let i = from; i < to; i++) {
        const entry = source[i];
        if (entry !== entries[i]) return true;
        if (snapshots[i]?.fits(entry) === false) return true;
      }
      return false;
    } catch {
      return true;
    }
  }
}

/** A reading of the array, in which the next one looks for entries that it has still. */
class Reading {
  readonly snapshots: readonly (EntrySnapshot | undefined)[];
  readonly specs: readonly (BackendSpec | undefined)[];
  readonly #entries: readonly BackendPoolEntry[];
  #places: Map<BackendPoolEntry, number> | undefined;

  constructor(
    entries: readonly BackendPoolEntry[],
    snapshots: readonly (EntrySnapshot | undefined)[],
    specs: readonly (BackendSpec | undefined)[],
  ) {
    this.#entries = entries;
    this.snapshots = snapshots;
    this.specs = specs;
  }

  /** Where an entry was that has not changed since; -1 if there is none. Expected O(1). */
  indexOf(entry: BackendPoolEntry, index: number): number {
    const at = this.#entries[index] === entry ? index : this.#placeOf(entry);
    return at >= 0 && this.snapshots[at]?.fits(entry) !== false ? at : -1;
  }

  #placeOf(entry: BackendPoolEntry): number {
    this.#places ??= new Map(this.#entries.map((one, i) => [one, i]));
    return this.#places.get(entry) ?? -1;
  }
}
