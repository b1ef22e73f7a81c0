// Forecasts a change of the pool: which share of the key space would move from which backend to which.

import type { BackendPoolEntry } from '../contracts.ts';
import { type Move, movesBetween, sharesOf } from '../hashing/key-space.ts';
import { bag, checkBag } from '../options/bag.ts';
import { aListOf, anObject, aString } from '../options/rule.ts';
import { shown } from '../shown.ts';
import { isKeyedStrategy, type Weighted } from '../strategies/strategy.ts';
import { canonicalId, checkWeight, readEntry } from './address.ts';
import type { Chooser } from './chooser.ts';
import { nearIdHint } from './near-id.ts';

/** A change of the pool, to be forecast. */
export interface PoolChange {
  /** Backends to add. */
  readonly add?: readonly BackendPoolEntry[];
  /** Ids of backends to remove. */
  readonly remove?: readonly string[];
  /** New weights by id. */
  readonly setWeight?: Readonly<Record<string, number>>;
}

const CHANGE = bag<PoolChange>({
  add: aListOf({ words: 'a backend', holds: () => true }),
  remove: aListOf(aString),
  setWeight: anObject,
});

/** The effect of a change on the key space. Shares are from 0 to 1. */
export interface Plan {
  /** The share of the key space whose home changes. */
  readonly moved: number;
  /**
   * Whether the shares that move are computed from the arcs. `false` between two that hash keys differently,
   * such as the rings of nginx and evenkeel: then they are what is to be expected of many keys.
   */
  readonly exact: boolean;
  /**
   * Whether the largest weight crosses a limit at which all backends get twice or half as many points on the
   * ring, so that about half of the keys move. See {@link consistentHash}.
   */
  readonly rescaled: boolean;
  /** The moves from one backend to another, the largest first. */
  readonly moves: readonly Move[];
  /** The share of each backend before and after the change; 0 if it is not in the pool. */
  readonly shares: readonly { readonly id: string; readonly before: number; readonly after: number }[];
}

/** The homes of all keys at one time, as {@link Balancer.homes} returns them, to be compared later. */
export interface KeyHomes {
  /** Share of each backend, from 0 to 1, by id; backends without keys have 0. */
  readonly shares: ReadonlyMap<string, number>;
  /** @internal */
  readonly arcs: readonly (readonly [end: number, owner: string | undefined])[];
  /** @internal The position of a key. */
  readonly position: (key: string) => number;
  /** @internal */
  readonly scale: number;
}

/**
 * The homes that the keys of a pool have. O(points).
 * @param members - by default those that the pool has
 * @throws TypeError if the strategy has no arcs or zones divide the pool
 */
export function homesOf(choosers: readonly Chooser[], members?: readonly Weighted[]): KeyHomes {
  const chooser = servingChooser(choosers);
  const { strategy } = chooser;
  const all = members ?? membersOf(chooser);
  if (!isKeyedStrategy(strategy) || strategy.arcs === undefined)
    throw new TypeError(`plan needs a strategy that divides the key space into arcs, got ${strategy.name}`);
  const weighted = all.filter(({ weight }) => weight > 0);
  const arcs = [...strategy.arcs(weighted)];
  const shares = sharesOf(arcs);
  return {
    shares: new Map(all.map(({ id }) => [id, shares.get(id) ?? 0])),
    arcs,
    position: (key) => chooser.positionOf(key),
    scale: strategy.scale?.(weighted) ?? 1,
  };
}

/**
 * What moves from one division of the keys to another.
 * @param sameKeys - whether a request has the same key in both
 */
export function planBetween(before: KeyHomes, after: KeyHomes, sameKeys = true): Plan {
  const exact = sameKeys && PROBES.every((key) => before.position(key) === after.position(key));
  const moves = exact ? movesBetween(before.arcs, after.arcs) : expectedMoves(before.shares, after.shares);
  const ids = new Set([...before.shares.keys(), ...after.shares.keys()]);
  return {
    moved: moves.reduce((sum, move) => sum + move.share, 0),
    exact,
    rescaled: exact && before.scale !== after.scale,
    moves,
    shares: [...ids].map((id) => ({
      id,
      before: before.shares.get(id) ?? 0,
      after: after.shares.get(id) ?? 0,
    })),
  };
}

/** Two functions that hash these alike are the same. */
const PROBES = ['', 'a', '/b?c=1', '127.0.0.1'];

/** Between positions that have nothing to do with each other, a key goes anywhere by the shares alone. */
function expectedMoves(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Move[] {
  return [...before]
    .flatMap(([from, lost]) => [...after].map(([to, gained]) => ({ from, to, share: lost * gained })))
    .filter(({ from, to, share }) => from !== to && share > 0)
    .sort((a, b) => b.share - a.share);
}

/**
 * Computes what a change would move, from the arcs of the ring before and after. O(points).
 * @throws TypeError if the strategy has no arcs or zones divide the pool
 * @throws RangeError if the change does not fit the pool
 */
export function planChange(choosers: readonly Chooser[], change: PoolChange): Plan {
  checkBag(change, CHANGE, '', 'plan');
  const members = membersOf(servingChooser(choosers));
  const after = changed(members, change);
  return planBetween(homesOf(choosers, members), homesOf(choosers, after));
}

/** The one chooser that has the homes: backups have none. @throws TypeError if there are several */
function servingChooser(choosers: readonly Chooser[]): Chooser {
  const serving = choosers.filter(({ tier }) => !tier.backup);
  if (serving.length > 1) throw new TypeError('plan needs a pool that zones do not divide');
  return serving[0] ?? (choosers[0] as Chooser);
}

function membersOf({ tier }: Chooser): Weighted[] {
  return tier.members.map(({ id, nominalWeight, slot }) => ({ id, weight: nominalWeight, slot }));
}

function changed(
  members: readonly Weighted[],
  { add = [], remove = [], setWeight = {} }: PoolChange,
): Weighted[] {
  const weights = new Map(members.map(({ id, weight }) => [id, weight]));
  const slots = new Map(members.map(({ id, slot }) => [id, slot]));
  const known = (id: string, call: string) => {
    const own = weights.has(id) ? id : canonicalId(String(id));
    if (weights.has(own)) return own;
    const hint = nearIdHint(id, [...weights.keys()]);
    throw new RangeError(`${call} names ${shown(id)}, which is not in the pool${hint}`);
  };
  for (const [id, weight] of Object.entries(setWeight)) {
    const own = known(id, 'setWeight');
    weights.set(own, checkWeight(weight, `setWeight[${JSON.stringify(id)}]`));
  }
  for (const id of remove) weights.delete(known(id, 'remove'));
  for (const [index, entry] of add.entries()) {
    const { id, weight, backup } = readEntry(entry, `add[${index}]`);
    if (backup) continue;
    if (weights.has(id))
      throw new RangeError(`add[${index}] names ${JSON.stringify(id)}, which is already in the pool`);
    weights.set(id, weight);
  }
  return [...weights].map(([id, weight]) => ({
    id,
    weight,
    ...(slots.has(id) && { slot: slots.get(id) as number }),
  }));
}
