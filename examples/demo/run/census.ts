import type { Explanation, Request } from 'evenkeel';
import type { Way } from '../ways/way.ts';

/** Which backend each key lives on, by key. */
export type Homes = ReadonlyMap<string, string>;

/** How homes changed from one census to the next, as shares of all keys. */
export interface Moves {
  readonly moved: number;
  /**
   * Keys that went from one backend to another though neither was the one that changed: what nobody wants.
   */
  readonly strayed: number;
}

/** What there is to know of the keys of a stream. */
export interface Keys {
  /** One request for each distinct key. */
  readonly samples: readonly Request[];
  /** To how many times its fair share a new key may bring a backend; `null` where keys have no homes. */
  readonly boundFactor: number | null;
}

/** Asks for the key of each request. */
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
 * Asks where the keys live that were seen so far, without side effects; `null` where there are no homes. A
 * key that was not seen has none yet, only the prospect of one.
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
 * How many keys live on the backend that has most, over the mean of some backends; `null` where there are
 * none.
 */
export function keySpread(homes: Homes | null, ids: readonly string[]): number | null {
  const counts = new Map(ids.map((id) => [id, 0]));
  for (const home of homes?.values() ?? []) counts.set(home, (counts.get(home) ?? 0) + 1);
  return maxOverMean([...counts.values()]);
}

/** `null` where all are 0. */
export function maxOverMean(numbers: readonly number[]): number | null {
  const sum = numbers.reduce((total, number) => total + number, 0);
  return sum === 0 ? null : Math.max(...numbers) / (sum / numbers.length);
}

/** What moved because one backend, `changed`, went or came. */
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
