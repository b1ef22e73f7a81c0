// Forecasts a change of the pool: which share of the key space would move from which backend to which.

import type { BackendPoolEntry } from '../contracts.ts';
import { type Move, movesBetween, sharesOf } from '../hashing/key-space.ts';
import { bag, checkBag } from '../options/bag.ts';
import { aListOf, anObject, aString } from '../options/rule.ts';
import { shown } from '../shown.ts';
import { isKeyedStrategy, type Weighted } from '../strategies/strategy.ts';
import { canonicalId, checkWeight, readEntry } from './address.ts';
import type { Chooser } from './chooser.ts';
import type { Member } from './member.ts';
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

/** The effect of a change on the key space. All shares are exact, from 0 to 1. */
export interface Plan {
  /** The share of the key space whose home changes. */
  readonly moved: number;
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

/**
 * Computes what a change would move, from the arcs of the ring before and after. O(points).
 * @throws TypeError if the strategy has no arcs or zones or backups divide the pool
 * @throws RangeError if the change does not fit the pool
 */
export function planChange(choosers: readonly Chooser[], pool: readonly Member[], change: PoolChange): Plan {
  checkBag(change, CHANGE, '', 'plan');
  const [{ strategy }] = choosers as [Chooser];
  if (choosers.length > 1) throw new TypeError('plan needs a pool that zones or backups do not divide');
  const members = pool.map(({ id, nominalWeight, slot }) => ({ id, weight: nominalWeight, slot }));
  if (!isKeyedStrategy(strategy) || strategy.arcs === undefined) {
    throw new TypeError(`plan needs a strategy that divides the key space into arcs, got ${strategy.name}`);
  }
  const after = changed(members, change);
  const before = members.filter((member) => member.weight > 0);
  const arcsBefore = [...strategy.arcs(before)];
  const arcsAfter = [...strategy.arcs(after)];
  const moves = movesBetween(arcsBefore, arcsAfter);
  const [sharesBefore, sharesAfter] = [sharesOf(arcsBefore), sharesOf(arcsAfter)];
  const ids = new Set([...members, ...after].map((member) => member.id));
  return {
    moved: moves.reduce((sum, move) => sum + move.share, 0),
    rescaled: strategy.scale !== undefined && strategy.scale(before) !== strategy.scale(after),
    moves,
    shares: [...ids].map((id) => ({
      id,
      before: sharesBefore.get(id) ?? 0,
      after: sharesAfter.get(id) ?? 0,
    })),
  };
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
    const { id, weight } = readEntry(entry, `add[${index}]`);
    if (weights.has(id))
      throw new RangeError(`add[${index}] names ${JSON.stringify(id)}, which is already in the pool`);
    weights.set(id, weight);
  }
  return [...weights]
    .map(([id, weight]) => ({ id, weight, ...(slots.has(id) && { slot: slots.get(id) as number }) }))
    .filter(({ weight }) => weight > 0);
}
