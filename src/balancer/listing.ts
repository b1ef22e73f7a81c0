// Lists of pool entries: checks all entries of one, and adds up the weights of those for the same backend.

import type { BackendPoolEntry } from '../contracts.ts';
import type { Steps } from '../steps.ts';
import { type BackendSpec, checkWeight } from './address.ts';

/** A backend as a list has it. The weights of several entries for it are added up. */
export interface ListedBackend {
  readonly spec: BackendSpec;
  readonly weight: number;
  /** Index of its first entry in the caller's array; -1 if that does not list it. */
  readonly index: number;
}

/** What a list has, by id, in its order. */
export type Listings = ReadonlyMap<string, ListedBackend>;

/** Between two steps so many entries are read. */
const STEP = 64;

/** How a list is read. */
export interface ListRules {
  /** The name of the list in error messages. */
  readonly name: string;
  /** Whether it is the caller's array, in which entries have their index. */
  readonly isFollowed: boolean;
  /** What was read of the list before: a backend that is the same stays the same object. */
  readonly before: Listings | undefined;
  /** Reads one entry; may throw. */
  readonly specOf: (entry: BackendPoolEntry, index: number) => BackendSpec;
  /** Takes what was thrown for an invalid entry, which is left out; may throw itself. */
  readonly reject: (error: unknown, index: number) => void;
}

/** Reads a list. O(n). */
export function* listBackends(entries: readonly BackendPoolEntry[], rules: ListRules): Steps<Listings> {
  const { name, isFollowed, before, specOf, reject } = rules;
  const listed = new Map<string, ListedBackend>();
  const ids: string[] = [];
  /** Of backends with several entries. */
  const weights = new Map<string, readonly number[]>();
  // An index, as other ways through an array leave out its holes.
  for (let i = 0; i < entries.length; i++) {
    try {
      const spec = specOf(entries[i] as BackendPoolEntry, i);
      const { id, weight } = spec;
      const known = listed.get(id);
      if (known === undefined) {
        const index = isFollowed ? i : -1;
        const same = before?.get(id);
        const isSame = same?.spec === spec && same.weight === weight && same.index === index;
        listed.set(id, isSame ? same : { spec, weight, index });
      } else {
        const added = [...(weights.get(id) ?? [known.weight]), weight];
        checkSame(known.spec, spec, `${name}[${i}]`, `${name}[${ids.indexOf(id)}]`, sumOf(added));
        weights.set(id, added);
      }
      ids[i] = id;
    } catch (error) {
      reject(error, i);
    }
    if (i % STEP === STEP - 1) yield;
  }
  for (const [id, added] of weights)
    listed.set(id, { ...(listed.get(id) as ListedBackend), weight: sumOf(added) });
  return listed;
}

/** @throws RangeError if two entries contradict each other */
function checkSame(known: BackendSpec, spec: BackendSpec, where: string, first: string, sum: number): void {
  if (known.address !== spec.address)
    throw new RangeError(
      `${where}.id ${JSON.stringify(spec.id)} already stands for ${known.url} at ${first}, got ${spec.url}`,
    );
  checkWeight(sum, `${where}.weight, added to that of ${first},`);
}

/** Added up in the order of size, so that the sum is exactly the same for every order of the entries. */
function sumOf(weights: readonly number[]): number {
  return [...weights].sort((a, b) => a - b).reduce((sum, weight) => sum + weight, 0);
}
