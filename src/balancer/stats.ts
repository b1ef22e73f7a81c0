// The figures of a pool and of one backend, as `stats()` returns them.

import { bag } from '../options/bag.ts';
import { aBoolean } from '../options/rule.ts';
import { DOWN, DRAINING, FIRST_GUARD, type Member } from './member.ts';
import type { RejectedEntry } from './pool-follower.ts';
import type { Trust } from './trust.ts';

/**
 * Whether a backend gets new requests (`up`), and if not, why: it was marked `down`, it is `draining`, or a
 * guard such as outlier ejection has `barred` it.
 */
export type BackendState = 'up' | 'down' | 'draining' | 'barred';

/** The figures of one backend. Totals count since it joined the pool. */
export interface BackendStats {
  readonly id: string;
  readonly url: string;
  readonly zone: string | undefined;
  readonly weight: number;
  /** The current weight: below `weight` while slow start ramps it up. */
  readonly currentWeight: number;
  readonly backup: boolean;
  readonly state: BackendState;
  /** Leases that have not ended. */
  readonly inFlight: number;
  /** Leases that began. */
  readonly requests: number;
  /** Leases that ended as failures of the backend. */
  readonly failures: number;
  /** Leases that ended because the client left. */
  readonly cancelled: number;
  /** Leases that ended because the request could not be sent as it was. */
  readonly rejected: number;
  /** Requests whose key it owns and that went to another backend because it was at its limit. */
  readonly spills: number;
  /** Remembered keys that it owns. */
  readonly keys: number;
  /** Its share of the key space, from 0 to 1; `undefined` if the strategy has no homes, or not asked for. */
  readonly share: number | undefined;
}

/** What `stats` is asked for. */
export interface StatsOptions {
  /**
   * Whether to compute the backends' shares of the key space, which takes long in large pools.
   * @defaultValue whether the pool has at most 1,000 backends
   */
  readonly shares?: boolean;
}

/** Of larger pools, shares are told if they are asked for. */
export const MOST_SHARES = 1_000;

/** What the options of `stats` must be. */
export const STATS = bag<StatsOptions>({ shares: aBoolean });

/** The figures of a pool. */
export interface BalancerStats {
  readonly strategy: string;
  readonly fingerprint: string;
  readonly inFlight: number;
  /** Number of remembered keys. */
  readonly keys: number;
  /** The class of trust that is in use: the first one that has a backend in service. */
  readonly trust: Trust;
  /**
   * Whether unhealthy backends are tried with single requests: less than half of the weight in service is
   * well, or all the backends that are well are at their limit.
   */
  readonly crisis: boolean;
  /** Whether health is ignored because too much of the pool is unhealthy. */
  readonly panic: boolean;
  readonly backends: readonly BackendStats[];
  /** Invalid entries of the caller's array, which are left out. */
  readonly rejected: readonly RejectedEntry[];
}

/** The reason of the highest severity counts: a drain, then down, then guards. */
export function stateOf({ reasons }: Member): BackendState {
  if ((reasons & DRAINING) !== 0) return 'draining';
  if ((reasons & DOWN) !== 0) return 'down';
  return reasons >= FIRST_GUARD ? 'barred' : 'up';
}

export function backendStats(member: Member, share: number | undefined): BackendStats {
  const {
    id,
    url,
    zone,
    nominalWeight,
    weight,
    tier,
    inFlight,
    requests,
    failures,
    cancelled,
    rejected,
    spills,
    keys,
  } = member;
  return {
    id,
    url,
    zone,
    weight: nominalWeight,
    currentWeight: weight,
    backup: tier.backup,
    state: stateOf(member),
    inFlight,
    requests,
    failures,
    cancelled,
    rejected,
    spills,
    keys,
    share,
  };
}
