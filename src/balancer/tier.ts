// Groups of members that share one load, with their sums kept up to date.

/** The fields of a member that a tier adds up. */
interface Summand {
  readonly reasons: number;
  readonly weight: number;
}

/** The meaning of reasons, as bit masks. */
export interface ReasonMasks {
  /** Reasons that mean "unhealthy". */
  readonly healthMask: number;
  /** Reasons that mean "at its limit": the member is in service and healthy all the same. */
  readonly busyMask: number;
  /** Reasons that bar a member now: all of them, in panic without those of `healthMask`. */
  readonly barMask: number;
}

/** Number and weight of the members of a kind. */
class Total {
  count = 0;
  weight = 0;

  /** Adds (1) or subtracts (-1) a member, or changes nothing (0). */
  add(by: number, weight: number): void {
    this.count += by;
    // Exactly 0 without members, without a remainder of rounding.
    this.weight = this.count === 0 ? 0 : this.weight + by * weight;
  }

  clear(): void {
    this.count = 0;
    this.weight = 0;
  }
}

/**
 * Members that share one load: the whole pool, or those of one zone, or the backups. It keeps the sums that
 * every decision needs up to date, so that no decision is O(n).
 */
export class Tier<M extends Summand> {
  /** The zone; `undefined` if zones are ignored, and for members without a zone. */
  readonly zone: string | undefined;
  /** Whether it gets requests only if no other tier can serve them. */
  readonly backup: boolean;
  members: readonly M[] = [];
  /** Requests in flight, over all members. */
  inFlight = 0;
  readonly #inService = new Total();
  readonly #healthy = new Total();
  readonly #eligible = new Total();
  /** Changes since the last exact sum. */
  #changes = 0;

  constructor(zone: string | undefined, backup: boolean) {
    this.zone = zone;
    this.backup = backup;
  }

  /** Weight of the eligible members. */
  get eligibleWeight(): number {
    return this.#eligible.weight;
  }

  /**
   * Weight of the members in service. Unhealthy members and those at their limit are in service; draining
   * ones, and those with an open breaker, are not.
   */
  get weight(): number {
    return this.#inService.weight;
  }

  /** Weight of the healthy members. Includes members at their limit. */
  get healthyWeight(): number {
    return this.#healthy.weight;
  }

  /** Number of members in service. */
  get inService(): number {
    return this.#inService.count;
  }

  /** Number of healthy members. */
  get healthy(): number {
    return this.#healthy.count;
  }

  /** Computes all sums. O(n). */
  sum(masks: ReasonMasks): void {
    this.#inService.clear();
    this.#healthy.clear();
    this.#eligible.clear();
    for (const { reasons, weight } of this.members) this.#apply(weight, -1, reasons, masks);
    this.#changes = 0;
  }

  /**
   * Updates the sums after the reasons of one member changed. O(1), except that after as many changes as
   * there are members all sums are computed again, so that rounding errors do not add up.
   */
  change({ weight, reasons }: M, before: number, masks: ReasonMasks): void {
    if (++this.#changes > this.members.length) this.sum(masks);
    else this.#apply(weight, before, reasons, masks);
  }

  #apply(
    weight: number,
    before: number,
    after: number,
    { healthMask, busyMask, barMask }: ReasonMasks,
  ): void {
    this.#inService.add(changeOf(before, after, ~(healthMask | busyMask)), weight);
    this.#healthy.add(changeOf(before, after, ~busyMask), weight);
    this.#eligible.add(changeOf(before, after, barMask), weight);
  }
}

/** 1 if the last reason of the mask was cleared, -1 if the first was set, else 0. */
function changeOf(before: number, after: number, mask: number): number {
  return Number((after & mask) === 0) - Number((before & mask) === 0);
}
