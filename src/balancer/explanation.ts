import { hashKey, KEY_SPACE } from '../hashing/hash.ts';
import type { Chooser } from './chooser.ts';
import type { Guards } from './guards.ts';
import { DOWN, DRAINING, type Member, WEIGHTLESS } from './member.ts';
import type { Pool } from './pool.ts';

/** Why one backend does, or does not, take a request. */
export interface Candidate {
  readonly id: string;
  /**
   * `picked`, `eligible`, `full 5/4` (requests in flight and their limit), `keys full 3/3` (remembered keys and their limit, for a
   * key that needs a place), `down`, `draining`, `weight 0`, `already tried`, `backup`, `zone eu-2` (another one), or what a guard says.
   */
  readonly verdict: string;
  readonly inFlight: number;
  /** How many requests it may have in flight when this one comes; `Infinity` where nothing bounds them. */
  readonly flightLimit: number;
  readonly keys: number;
  /** How many keys it may have when one more needs a place; `Infinity` where nothing bounds them. */
  readonly keyLimit: number;
}

/** The whole story of a decision. */
export interface Explanation {
  /** The request's key; `undefined` where it has none. */
  readonly key: string | undefined;
  /** Hash of the key, 0 to 2^32 - 1; a random number where there is none. */
  readonly hash: number;
  /** The hash as a position on the ring, from 0 up to 1. */
  readonly position: number;
  readonly strategy: string;
  /** Id of the backend that would take the request; `undefined` where nobody may. */
  readonly picked: string | undefined;
  /** Id of the backend on which the key lives, or would from now on. */
  readonly owner: string | undefined;
  /** Whether the key was seen before and not forgotten. */
  readonly remembered: boolean;
  /** Whether the request would go elsewhere because the owner has its hands full. */
  readonly spilled: boolean;
  /** Whether health is ignored because too much of the pool is out. */
  readonly panic: boolean;
  readonly bounds: {
    readonly factor: number;
    readonly z: number;
    readonly keys: number;
    readonly inFlight: number;
  };
  readonly candidates: readonly Candidate[];
}

/** Tells what a chooser has just found. O(n). */
export function explanation(
  key: string | undefined,
  chooser: Chooser,
  pool: Pool,
  guards: Guards,
): Explanation {
  const { picked, owner, places, bounds, seed, strategy, tier } = chooser;
  // Hashed here: where a session decides, or a strategy without keys, the chooser has not looked at the key.
  const hash = (key === undefined ? chooser.position : hashKey(key, seed)) >>> 0;
  return {
    key,
    hash,
    position: hash / KEY_SPACE,
    strategy: strategy.name,
    picked: picked?.id,
    owner: owner?.id,
    remembered: owner !== undefined && places?.known === true,
    spilled: chooser.spilled,
    panic: pool.panic,
    bounds: { factor: bounds.factor, z: bounds.z, keys: places?.size ?? 0, inFlight: tier.inFlight },
    candidates: pool.members.map((member) => ({
      id: member.id,
      verdict: verdict(member, chooser, pool, guards),
      inFlight: member.inFlight,
      flightLimit: chooser.flightLimitOf(member),
      keys: member.keys,
      keyLimit: places?.limitOf(member) ?? Number.POSITIVE_INFINITY,
    })),
  };
}

function verdict(member: Member, chooser: Chooser, pool: Pool, guards: Guards): string {
  const { places } = chooser;
  if (member === chooser.picked) return 'picked';
  if ((member.reasons & WEIGHTLESS) !== 0) return 'weight 0';
  if ((member.reasons & DRAINING) !== 0) return 'draining';
  if ((member.reasons & DOWN) !== 0 && !pool.panic) return 'down';
  const barred = guards.verdict(member, pool.panic ? pool.healthMask : 0);
  if (barred !== undefined) return barred;
  if (chooser.hasTried(member)) return 'already tried';
  if (member.tier !== chooser.tier)
    return member.tier.backup ? 'backup' : `zone ${member.tier.zone ?? 'unknown'}`;
  const flights = chooser.flightLimitOf(member);
  if (member.inFlight >= flights) return `full ${member.inFlight}/${flights}`;
  const needsPlace = chooser.owner !== undefined && places !== undefined && !places.known;
  if (needsPlace && member.keys >= places.limitOf(member))
    return `keys full ${member.keys}/${places.limitOf(member)}`;
  return 'eligible';
}
