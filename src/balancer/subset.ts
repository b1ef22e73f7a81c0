// Which of many backends a balancer uses, so that each of many clients talks to some of them.

import { log } from '../elementary-functions.ts';
import { hashKey, KEY_SPACE, mix } from '../hashing/hash.ts';
import { type Bag, bag, checkBag } from '../options/bag.ts';
import { anInteger, aText, checkRule, type Rule } from '../options/rule.ts';
import { shown } from '../shown.ts';
import type { ListedBackend, Listings } from './listing.ts';

/**
 * A slice of a circle of all backends, one for each client, which all have the same width. `client` is the
 * number of this one, from 0, among `clients`.
 */
interface Aperture {
  readonly by: 'aperture';
  /** The least number of backends; all clients need the same. */
  readonly size: number;
  readonly client: number;
  readonly clients: number;
}

/** The backends with the highest scores of their ids and the name of this client, which no other one has. */
interface Rendezvous {
  readonly by: 'rendezvous';
  readonly size: number;
  readonly client: string;
}

/** One of several cells into which all backends are divided, by its number from 0. */
interface Cell {
  readonly by: 'cell';
  readonly cell: number;
  readonly cells: number;
}

/** Which part of the backends a balancer uses. */
export type Subset = Aperture | Rendezvous | Cell;

const aCount: Rule = anInteger(1, 1_000_000);
const aNumber: Rule = anInteger(0);
const APERTURE = bag<Aperture>({
  by: { words: 'aperture', holds: () => true },
  size: aCount,
  client: aNumber,
  clients: aCount,
});
const RENDEZVOUS = bag<Rendezvous>({ by: APERTURE.shape.by, size: aCount, client: aText });
const CELL = bag<Cell>({ by: APERTURE.shape.by, cell: aNumber, cells: aCount });
const KINDS = { aperture: APERTURE, rendezvous: RENDEZVOUS, cell: CELL };

/** What the option `subset` must be. */
export const A_SUBSET: Rule = {
  words: 'an object with by: aperture, rendezvous or cell',
  holds: (value) => Object.hasOwn(KINDS, String((value as Partial<Subset> | null)?.by)),
  inside: (subset: Subset, place) => {
    const kind = KINDS[subset.by] as Bag<Subset>;
    checkBag(subset, kind, place);
    for (const [name, rule] of Object.entries<Rule>(kind.shape))
      checkRule(rule, subset[name as keyof Subset], `${place}.${name}`);
    if (subset.by === 'aperture') checkBelow(subset.client, subset.clients, `${place}.client`, 'clients');
    if (subset.by === 'cell') checkBelow(subset.cell, subset.cells, `${place}.cell`, 'cells');
  },
};

function checkBelow(value: number, limit: number, place: string, of: string): void {
  if (value >= limit) throw new RangeError(`${place} must be below ${of}, got ${value} of ${shown(limit)}`);
}

/** A cell has at most this much of the mean weight, and one backend more. */
const CELL_FACTOR = 1.05;
const CELL_SEED = 0x2c1b3c6d;
const TRIES = 32;

/**
 * The backends that a balancer uses, by id, and the share of its weight that each has there, 1 but at the
 * ends of an aperture. It depends on the list alone, not on its order. O(n log n).
 */
export function subsetOf(all: Listings, subset: Subset): ReadonlyMap<string, number> {
  const listed = [...all.values()].filter(({ weight }) => weight > 0);
  if (subset.by === 'aperture') return apertureOf(listed, subset);
  return subset.by === 'rendezvous' ? rendezvousOf(listed, subset) : cellOf(listed, subset);
}

/**
 * Each place of the circle is in the apertures of the same number of clients, so that all have the same load
 * if all clients do.
 * @see Finagle, deterministic aperture
 */
function apertureOf(
  listed: readonly ListedBackend[],
  { size, client, clients }: Aperture,
): Map<string, number> {
  const total = listed.reduce((sum, { weight }) => sum + weight, 0);
  const width = Math.min(1, Math.ceil((size * clients) / listed.length) / clients) * total;
  const from = (client / clients) * total;
  const chosen = new Map<string, number>();
  let start = 0;
  for (const { spec, weight } of byHash(listed, 0)) {
    const overlap = (low: number) =>
      Math.max(0, Math.min(start + weight, low + width) - Math.max(start, low));
    // The aperture may go on at the start of the circle.
    const share = Math.min(1, (overlap(from) + overlap(from - total)) / weight);
    if (share > 1e-6) chosen.set(spec.id, share > 1 - 1e-6 ? 1 : share);
    start += weight;
  }
  return chosen;
}

/** @see gRPC, proposal A68, random subsetting */
function rendezvousOf(listed: readonly ListedBackend[], { size, client }: Rendezvous): Map<string, number> {
  const seed = hashKey(client, 0);
  const scores = Float64Array.from(listed, ({ spec, weight }) => {
    const uniform = ((mix(hashKey(spec.id, seed)) >>> 0) + 0.5) / KEY_SPACE;
    return -log(uniform) / weight;
  });
  const last = Float64Array.from(scores).sort()[Math.min(size, scores.length) - 1] as number;
  return new Map(listed.flatMap(({ spec }, i) => ((scores[i] as number) <= last ? [[spec.id, 1]] : [])));
}

/**
 * Each backend, in the order of hashes, goes to the first cell of a sequence of its own that has room.
 * @see Lamping and Veach, A Fast, Minimal Memory, Consistent Hash Algorithm, arXiv:1406.2294
 */
function cellOf(listed: readonly ListedBackend[], { cell, cells }: Cell): Map<string, number> {
  const total = listed.reduce((sum, { weight }) => sum + weight, 0);
  const limit = (CELL_FACTOR * total) / cells;
  const loads = new Float64Array(cells);
  const chosen = new Map<string, number>();
  for (const { spec, weight } of byHash(listed, CELL_SEED)) {
    let at = 0;
    for (let tries = 0; tries < TRIES; tries++) {
      at = jumpHash(hashKey(spec.id, mix(CELL_SEED + tries)), cells);
      if ((loads[at] as number) < limit) break;
    }
    loads[at] = (loads[at] as number) + weight;
    if (at === cell) chosen.set(spec.id, 1);
  }
  return chosen;
}

/** Of equal hashes, the lower id comes first. */
function byHash(listed: readonly ListedBackend[], seed: number): ListedBackend[] {
  return listed
    .map((one) => ({ one, hash: hashKey(one.spec.id, seed) >>> 0 }))
    .sort((a, b) => a.hash - b.hash || (a.one.spec.id < b.one.spec.id ? -1 : 1))
    .map(({ one }) => one);
}

/** One of some buckets; with one bucket more, only what goes there moves. */
function jumpHash(hash: number, buckets: number): number {
  let bucket = 0;
  let state = hash;
  for (let next = 0; next < buckets; ) {
    bucket = next;
    state = mix(state + 0x9e3779b9);
    next = Math.floor((bucket + 1) / (((state >>> 0) + 1) / KEY_SPACE));
  }
  return bucket;
}
