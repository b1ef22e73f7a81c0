import type { Balancer, Request } from '../../../src/index.ts';

/** Which backend each key lives on, by key. */
export type Homes = ReadonlyMap<string, string>;

/** How homes changed from one census to the next, as shares of all keys. */
export interface Moves {
  readonly moved: number;
  /** Keys that went from one backend to another though neither was the one that changed: what nobody wants. */
  readonly strayed: number;
}

/** One request for each distinct key of a stream. */
export function oneForEachKey(balancer: Balancer<Request>, stream: readonly Request[]): Request[] {
  const byKey = new Map<string | undefined, Request>();
  for (const request of stream) {
    const { key } = balancer.explain(request);
    if (!byKey.has(key)) byKey.set(key, request);
  }
  return [...byKey.values()];
}

/**
 * Asks the balancer where the keys live that it has seen so far, without side effects; `null` where there are no homes. A
 * key that it has not seen has none yet, only the prospect of one.
 */
export function census(balancer: Balancer<Request>, requests: readonly Request[]): Homes | null {
  const homes = new Map<string, string>();
  for (const request of requests) {
    const { key, owner, remembered } = balancer.explain(request);
    if (key !== undefined && owner !== undefined && remembered) homes.set(key, owner);
  }
  return homes.size === 0 ? null : homes;
}

/** How many keys live on the backend that has most, over the mean of some backends; `null` where there are none. */
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
