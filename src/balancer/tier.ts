/** What a tier adds up. */
interface Summand {
  readonly reasons: number;
  readonly weight: number;
}

/**
 * Members that share one load: all of the pool, or those of one zone, or the backups. With the sums over them that every
 * decision needs, kept as things change so that no decision is O(n).
 */
export class Tier<M extends Summand> {
  /** `undefined` where zones do not matter. */
  readonly zone: string | undefined;
  /** Whether it serves only when no other tier can. */
  readonly backup: boolean;
  members: readonly M[] = [];
  /** Requests in flight over the members. */
  inFlight = 0;
  /** Weight over the members that may serve. */
  eligibleWeight = 0;
  /** Weight of the members that are healthy, and of all that are in service. */
  healthyWeight = 0;
  weight = 0;

  constructor(zone: string | undefined, backup: boolean) {
    this.zone = zone;
    this.backup = backup;
  }

  /** Sums up anew; @returns how many members are in service, and how many of them are healthy */
  sum(healthMask: number): { inService: number; healthy: number } {
    let inService = 0;
    let healthy = 0;
    this.weight = 0;
    this.healthyWeight = 0;
    this.eligibleWeight = 0;
    for (const { reasons, weight } of this.members) {
      if (reasons === 0) this.eligibleWeight += weight;
      if ((reasons & ~healthMask) !== 0) continue;
      inService++;
      this.weight += weight;
      if (reasons !== 0) continue;
      healthy++;
      this.healthyWeight += weight;
    }
    return { inService, healthy };
  }
}
