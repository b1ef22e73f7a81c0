import { DOWN, DRAINING, FIRST_GUARD, type Member } from './member.ts';
import type { RejectedEntry } from './pool-follower.ts';

/** Whether a backend takes requests, and if not, why: its checks, a drain, or a guard such as ejection. */
export type BackendState = 'up' | 'down' | 'draining' | 'barred';

/** One backend in numbers. Totals count since it joined the pool. */
export interface BackendStats {
  readonly id: string;
  readonly url: string;
  readonly zone: string | undefined;
  readonly weight: number;
  /** The weight that counts now: less than `weight` while the backend is starting. */
  readonly currentWeight: number;
  readonly backup: boolean;
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

/** The gravest reason counts. */
function stateOf({ reasons }: Member): BackendState {
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
    spills,
    keys,
    share,
  };
}
