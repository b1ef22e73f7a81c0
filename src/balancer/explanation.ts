// The report of a dry run: which backend a request would go to, and for every other backend why not.

import { KEY_SPACE } from '../hashing/hash.ts';
import type { Chooser } from './chooser.ts';
import type { Guards } from './guards.ts';
import { DOWN, DRAINING, type Member, WEIGHTLESS } from './member.ts';
import type { Pool } from './pool.ts';
import { EJECTED, TRUSTS, type Trust, WELL } from './trust.ts';
import type { View } from './view.ts';

/** Why a backend would, or would not, get a request. */
export interface Candidate {
  readonly id: string;
  /**
   * `picked`; `picked as a trial`; `eligible`; `full 5/4` (requests in flight and their limit); `keys full
   * 3/3` (keys and their limit, for a new key); `down`; `draining`; `weight 0`; `already tried`; `backup`;
   * `zone eu-2` (in another zone); or the verdict of a guard.
   */
  readonly verdict: string;
  readonly inFlight: number;
  /** How many requests it may have in flight when this one is sent; `Infinity` if they are not bounded. */
  readonly flightLimit: number;
  readonly keys: number;
  /** How many keys it may own when one more is placed; `Infinity` if they are not bounded. */
  readonly keyLimit: number;
}

/** The trials of one unhealthy backend. */
export interface RunningTrials {
  readonly backend: string;
  /** Trials in flight, and how many may be. */
  readonly inFlight: number;
  readonly limit: number;
  /** Milliseconds until the next one may begin, after one that failed. */
  readonly waitMs: number;
}

/** How a decision was made. */
export interface Explanation {
  /** The request's key; `undefined` if it has none. */
  readonly key: string | undefined;
  /** Hash of the key, from 0 to 2^32 - 1; a random number for a request without a key. */
  readonly hash: number;
  /** The hash as a position on the ring, from 0 up to 1. */
  readonly position: number;
  readonly strategy: string;
  /** Id of the backend that the request would go to; `undefined` if no backend may serve it. */
  readonly picked: string | undefined;
  /** Id of the backend that owns the key, or would own it after this request. */
  readonly owner: string | undefined;
  /** Whether the key is remembered from an earlier request. */
  readonly remembered: boolean;
  /**
   * With strict affinity, how many leases the key has, which keep it on its backend; `undefined` if affinity
   * is not strict. Then a backend above its limit on requests in flight may be picked for a key that it owns.
   */
  readonly held: number | undefined;
  /**
   * The share of its own requests that the zone of the request keeps, from 0 to 1, by its health and its
   * capacity; the others go to other zones, by their keys. `undefined` for a request without a zone.
   */
  readonly kept: number | undefined;
  /** Whether the request would spill over to another backend because the owner is at its limit. */
  readonly spilled: boolean;
  /** Which class of trust the request asks, and why that one. */
  readonly trust: { readonly asked: Trust; readonly because: string };
  /** Whether unhealthy backends are tried: too few backends are well, or all of them are at their limit. */
  readonly crisis: boolean;
  /** Whether the request would be a trial of an unhealthy backend. */
  readonly trial: boolean;
  /** The trials of unhealthy backends. */
  readonly trials: readonly RunningTrials[];
  /** Whether health is ignored because too much of the pool is unhealthy. */
  readonly panic: boolean;
  readonly bounds: {
    readonly factor: number;
    readonly z: number;
    readonly keys: number;
    readonly inFlight: number;
  };
  readonly candidates: readonly Candidate[];
}

/** Describes the decision that a chooser holds. O(n). */
export function explanation(
  key: string | undefined,
  chooser: Chooser,
  pool: Pool,
  guards: Guards,
  view: View,
): Omit<Explanation, 'kept'> {
  const { picked, owner, places, bounds, strategy, tier } = chooser;
  // Hashed again: with a session, or a strategy without keys, the chooser has not hashed the key.
  const hash = (key === undefined ? chooser.position : chooser.positionOf(key)) >>> 0;
  return {
    key,
    hash,
    position: hash / KEY_SPACE,
    strategy: strategy.name,
    picked: picked?.id,
    owner: owner?.id,
    remembered: chooser.remembered,
    held: chooser.isStrict && key !== undefined ? (chooser.held?.leases ?? 0) : undefined,
    spilled: chooser.spilled,
    trust: { asked: TRUSTS[view.trust] as Trust, because: whyTrust(pool, view) },
    crisis: pool.isCrisis,
    trial: chooser.isTrial,
    trials: pool.members.flatMap((member) => {
      const { trial } = member;
      if (trial === undefined) return [];
      const { inFlight, limit } = trial;
      return [{ backend: member.id, inFlight, limit, waitMs: view.waitOf(trial) }];
    }),
    panic: pool.panic,
    bounds: { factor: bounds.factor, z: bounds.z, keys: places?.size ?? 0, inFlight: tier.inFlight },
    candidates: pool.members.map((member) => ({
      id: member.id,
      verdict: verdict(member, chooser, view, guards),
      inFlight: member.inFlight,
      flightLimit: chooser.flightLimitOf(member),
      keys: member.keys,
      keyLimit: places?.limitOf(member) ?? Number.POSITIVE_INFINITY,
    })),
  };
}

function whyTrust({ panic, trust }: Pool, view: View): string {
  if (panic) return 'health is ignored in panic';
  if (view.trust === WELL) return trust === WELL ? 'some backend is well' : 'no backend is in service';
  const which = view.trust === trust ? 'no backend' : 'no untried backend';
  return view.trust === EJECTED ? `${which} is well` : `${which} is well or ejected`;
}

function verdict(member: Member, chooser: Chooser, view: View, guards: Guards): string {
  const { places } = chooser;
  if (member === chooser.picked) return chooser.isTrial ? 'picked as a trial' : 'picked';
  if ((member.reasons & WEIGHTLESS) !== 0) return 'weight 0';
  if ((member.reasons & DRAINING) !== 0) return 'draining';
  if ((member.reasons & DOWN & view.mask) !== 0) return 'down';
  const barred = guards.verdict(member, ~view.mask);
  if (barred !== undefined) return barred;
  if (view.tried.includes(member)) return 'already tried';
  if (member.tier !== chooser.tier)
    return member.tier.backup ? 'backup' : `zone ${member.tier.zone ?? 'unknown'}`;
  const flights = chooser.flightLimitOf(member);
  if (member.inFlight >= flights) return `full ${member.inFlight}/${flights}`;
  const needsPlace = chooser.owner !== undefined && places !== undefined && !places.known;
  if (needsPlace && member.keys >= places.limitOf(member))
    return `keys full ${member.keys}/${places.limitOf(member)}`;
  return 'eligible';
}
