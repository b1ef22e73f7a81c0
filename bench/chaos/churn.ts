// Changes of the pool during a run: backends are added, removed and get other weights.

import { oneOf, type Random } from '../../src/simulator/random.ts';
import type { VirtualEnv } from '../../src/simulator/virtual-env.ts';
import { CHURN, LEAVES } from './faults.ts';
import { backendNames, type Fleet } from './fleet.ts';
import type { Ledger } from './ledger.ts';

const WEIGHTS = [0.5, 1, 2, 3];
const SMALLEST = 16;
const LEAVERS = ['b14', 'b15', 'b16', 'b20'];
const ALL = backendNames(24);

/** The backends of the pool at the start. */
export const FIRST_POOL: ReadonlyMap<string, number> = new Map(backendNames(20).map((id) => [id, 1]));

/**
 * The backends of the pool after the churn: two were removed, two were added, three have another weight than
 * the rest.
 */
export const LAST_POOL: ReadonlyMap<string, number> = new Map(
  ALL.slice(0, 22)
    .filter((id) => id !== 'b18' && id !== 'b19')
    .map((id) => [id, { b16: 2, b17: 0.5, b20: 1.5 }[id] ?? 1]),
);

/** All backends that are in the pool at some time. */
export const EVERYBODY = ALL;

/** Changes the pool to the given backends. */
export function setPool(fleet: Fleet, members: ReadonlyMap<string, number>): void {
  for (const { id } of [...fleet.pool]) if (!members.has(id)) fleet.take(id);
  for (const [id, weight] of members) {
    const known = fleet.pool.find((entry) => entry.id === id);
    if (known === undefined || known.weight !== weight) fleet.put(id, weight);
  }
}

/**
 * Plans the churn: backends are added, removed, added again and get other weights; after it the pool is
 * {@link LAST_POOL}. Later, while there are faults, some backends are removed for a moment.
 */
export function planChurn(fleet: Fleet, env: VirtualEnv, ledger: Ledger, random: Random): void {
  const change = () => {
    const { pool } = fleet;
    const someone = oneOf(random, pool).id;
    const other = oneOf(random, ALL);
    const drawn = random();
    ledger.inject('churn');
    if (drawn < 0.35 && pool.length > SMALLEST) fleet.take(someone);
    else fleet.put(drawn < 0.7 ? other : someone, oneOf(random, WEIGHTS));
  };
  for (let at = CHURN.at; at < CHURN.until; at += CHURN.everyMs) env.at(at, change);
  env.at(CHURN.until, () => setPool(fleet, LAST_POOL));
  for (let at = LEAVES.at; at < LEAVES.until; at += LEAVES.everyMs) {
    const id = oneOf(random, LEAVERS);
    env.at(at, () => fleet.take(id));
    env.at(at + LEAVES.forMs, () => fleet.put(id, LAST_POOL.get(id) ?? 1));
    env.at(at, () => ledger.inject('churn'));
  }
}
