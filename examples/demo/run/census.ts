// Reads the owners of keys, and compares them.

import type { Explanation, Request } from 'evenkeel';
import type { Way } from '../ways/way.ts';

/** The owner of each key, by key. */
export type Homes = ReadonlyMap<string, string>;

/** The change of owners from one census to the next, as shares of all keys. */
export interface Moves {
  readonly moved: number;
  /**
   * Keys that moved between two backends of which neither was the one that changed. There should be none.
   */
  readonly strayed: number;
}

/** The parts of a census. */
export interface Keys {
  /** One request for each distinct key. */
  readonly samples: readonly Request[];
  /**
   * How many times its fair share of keys a backend may have when it gets a new key; `null` if keys have no
   * homes.
   */
  readonly boundFactor: number | null;
}

/** Explains a request. */
export async function keysOf(way: Way, stream: readonly Request[]): Promise<Keys> {
  const byKey = new Map<string | undefined, Request>();
  let boundFactor: number | null = null;
  for (const [i, { key, owner, bounds }] of (await explanations(way, stream)).entries()) {
    if (owner !== undefined) boundFactor = bounds.factor;
    if (!byKey.has(key)) byKey.set(key, stream[i] as Request);
  }
  return { samples: [...byKey.values()], boundFactor };
}

/**
 * The owners of the keys that were seen so far, read without side effects; `null` if there are no homes. Keys
 * that were not seen have no owner yet.
 */
export async function census(way: Way, requests: readonly Request[]): Promise<Homes | null> {
  const homes = new Map<string, string>();
  for (const { key, owner, remembered } of await explanations(way, requests)) {
    if (key !== undefined && owner !== undefined && remembered) homes.set(key, owner);
  }
  return homes.size === 0 ? null : homes;
}

function explanations(way: Way, requests: readonly Request[]): Promise<Explanation[]> {
  return Promise.all(requests.map((request) => way.explain(request)));
}

/**
 * The keys of the backend that owns most, over the mean of some backends; `null` if there are no keys.
 */
export function keySpread(homes: Homes | null, ids: readonly string[]): number | null {
  const counts = new Map(ids.map((id) => [id, 0]));
  for (const home of homes?.values() ?? []) counts.set(home, (counts.get(home) ?? 0) + 1);
  return maxOverMean([...counts.values()]);
}

/** The largest value over the mean; `null` if all are 0. */
export function maxOverMean(numbers: readonly number[]): number | null {
  const sum = numbers.reduce((total, number) => total + number, 0);
  return sum === 0 ? null : Math.max(...numbers) / (sum / numbers.length);
}

/** The keys that moved because the backend `changed` was removed or added. */
export function movesBetween(before: Homes, after: Homes, changed: string): Moves {
  let moved = 0;
  let strayed = 0;
  for (const [key, home] of before) {
    const next = after.get(key);
    if (next === home) continue;
    moved++;
    if (home !== changed && next !== changed) strayed++;
  }
  return { moved: moved / before.size, strayed: strayed / before.size };
}
