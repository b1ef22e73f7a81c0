// Lists of pool entries: checks all entries of one, and adds up the weights of those for the same backend.

import type { BackendPoolEntry } from '../contracts.ts';
import { type BackendSpec, checkWeight } from './address.ts';

/** A backend as a list has it. The weights of several entries for it are added up. */
export interface ListedBackend {
  readonly spec: BackendSpec;
  readonly weight: number;
  /** Index of its first entry in the caller's array; -1 if that does not list it. */
  readonly index: number;
}

/** A backend while a list is read, with the weights of all its entries. */
interface Listing {
  readonly spec: BackendSpec;
  weights: readonly number[];
  readonly index: number;
}

/**
 * Reads a list. O(n).
 * @param name - the name of the list in error messages
 * @param specOf - reads one entry; may throw
 * @param reject - takes what was thrown for an invalid entry, which is left out; may throw itself
 */
export function listBackends(
  entries: readonly BackendPoolEntry[],
  name: string,
  specOf: (entry: BackendPoolEntry, where: string, index: number) => BackendSpec,
  reject: (error: unknown, index: number) => void,
): ListedBackend[] {
  const listed = new Map<string, Listing>();
  // An index, as other ways through an array leave out its holes.
  for (let index = 0; index < entries.length; index++) {
    const where = `${name}[${index}]`;
    try {
      const spec = specOf(entries[index] as BackendPoolEntry, where, index);
      const known = listed.get(spec.id);
      if (known === undefined) listed.set(spec.id, { spec, weights: [spec.weight], index });
      else known.weights = addedWeights(known, spec, where, `${name}[${known.index}]`);
    } catch (error) {
      reject(error, index);
    }
  }
  return [...listed.values()].map(({ spec, weights, index }) => ({ spec, weight: sumOf(weights), index }));
}

/** @throws RangeError if two entries contradict each other */
function addedWeights(known: Listing, spec: BackendSpec, where: string, first: string): readonly number[] {
  if (known.spec.address !== spec.address)
    throw new RangeError(
      `${where}.id ${JSON.stringify(spec.id)} already stands for ${known.spec.url} at ${first}, got ${spec.url}`,
    );
  const weights = [...known.weights, spec.weight];
  checkWeight(sumOf(weights), `${where}.weight, added to that of ${first},`);
  return weights;
}

/** Added up in the order of size, so that the sum is exactly the same for every order of the entries. */
function sumOf([first = 0, ...others]: readonly number[]): number {
  if (others.length === 0) return first;
  return [first, ...others].sort((a, b) => a - b).reduce((sum, weight) => sum + weight, 0);
}
