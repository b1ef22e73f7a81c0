import { sharesOf } from '../hashing/key-space.ts';
import { isKeyedStrategy, type Strategy } from '../strategies/strategy.ts';
import { DOWN, DRAINING, type Member } from './member.ts';
import type { RejectedEntry } from './pool-follower.ts';

/** Whether a backend takes requests, and if not, why. */
export type BackendState = 'up' | 'down' | 'draining';

/** One backend in numbers. Totals count since it joined the pool. */
export interface BackendStats {
  readonly id: string;
  readonly url: string;
  readonly zone: string | undefined;
  readonly weight: number;
  readonly state: BackendState;
  /** Leases held now. */
  readonly inFlight: number;
  /** Leases begun. */
  readonly requests: number;
  /** Leases that ended as the backend's failure. */
  readonly failures: number;
  /** Leases that the client ended. */
  readonly cancelled: number;
  /** Requests whose key lives here and that went elsewhere because this backend had its hands full. */
  readonly spills: number;
  /** Remembered keys that live here. */
  readonly keys: number;
  /** Share of the key space whose home is here, 0 to 1; `undefined` where the strategy knows no homes. */
  readonly share: number | undefined;
}

/** A pool in numbers. */
export interface BalancerStats {
  readonly strategy: string;
  readonly fingerprint: string;
  readonly inFlight: number;
  /** Keys remembered. */
  readonly keys: number;
  /** Whether health is ignored because too much of the pool is out. */
  readonly panic: boolean;
  readonly backends: readonly BackendStats[];
  /** Entries of the caller's array that cannot be used. */
  readonly rejected: readonly RejectedEntry[];
}

export function stateOf({ reasons }: Member): BackendState {
  if ((reasons & DRAINING) !== 0) return 'draining';
  return (reasons & DOWN) !== 0 ? 'down' : 'up';
}

export function backendStats(member: Member, share: number | undefined): BackendStats {
  const { id, url, zone, weight, inFlight, requests, failures, cancelled, spills, keys } = member;
  const state = stateOf(member);
  return { id, url, zone, weight, state, inFlight, requests, failures, cancelled, spills, keys, share };
}

/** What share of the key space each member is home to; `undefined` where the strategy knows no homes. O(points). */
export function homeShares(strategy: Strategy, members: readonly Member[]): Map<string, number> | undefined {
  if (!isKeyedStrategy(strategy)) return undefined;
  if (strategy.arcs !== undefined) return sharesOf(strategy.arcs());
  const total = members.reduce((sum, member) => sum + member.weight, 0);
  return new Map(members.map(({ id, weight }) => [id, total === 0 ? 0 : weight / total]));
}
