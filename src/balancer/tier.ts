/** What a tier adds up. */
interface Summand {
  readonly reasons: number;
  readonly weight: number;
}

/** Which reasons count for what, as bits. */
export interface ReasonMasks {
  /** Those that speak of health. */
  readonly healthMask: number;
  /** Those that only say that a member has its hands full: it is in service and well all the same. */
  readonly busyMask: number;
  /** Those for which a member may not serve now: all, but for health in panic. */
  readonly barMask: number;
}

/** How many members there are of a kind, and their weight. */
class Total {
  count = 0;
  weight = 0;

  /** Counts a member in (1), out (-1), or leaves it where it is (0). */
  turn(by: number, weight: number): void {
    this.count += by;
    // Without members nothing is left, not even what rounding left over.
    this.weight = this.count === 0 ? 0 : this.weight + by * weight;
  }

  clear(): void {
    this.count = 0;
    this.weight = 0;
  }
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
  readonly #inService = new Total();
  readonly #healthy = new Total();
  readonly #eligible = new Total();
  /** Changes since the last exact sum. */
  #changes = 0;

  constructor(zone: string | undefined, backup: boolean) {
    this.zone = zone;
    this.backup = backup;
  }

  /** Weight over the members that may serve. */
  get eligibleWeight(): number {
    return this.#eligible.weight;
  }

  /** Weight over the members that are in service, and over those of them that are healthy; busy ones are both. */
  get weight(): number {
    return this.#inService.weight;
  }

  get healthyWeight(): number {
    return this.#healthy.weight;
  }

  /** How many members are in service, and how many of them are healthy. */
  get inService(): number {
    return this.#inService.count;
  }

  get healthy(): number {
    return this.#healthy.count;
  }

  /** Sums up anew. O(n). */
  sum(masks: ReasonMasks): void {
    this.#inService.clear();
    this.#healthy.clear();
    this.#eligible.clear();
    for (const { reasons, weight } of this.members) this.#turn(weight, -1, reasons, masks);
    this.#changes = 0;
  }

  /**
   * Takes over that the reasons of one member changed. O(1), except that after as many changes as there are members everything
   * is summed up anew, so that rounding never builds up.
   */
  change({ weight, reasons }: M, before: number, masks: ReasonMasks): void {
    if (++this.#changes > this.members.length) this.sum(masks);
    else this.#turn(weight, before, reasons, masks);
  }

  #turn(weight: number, before: number, after: number, { healthMask, busyMask, barMask }: ReasonMasks): void {
    this.#inService.turn(turnOf(before, after, ~(healthMask | busyMask)), weight);
    this.#healthy.turn(turnOf(before, after, ~busyMask), weight);
    this.#eligible.turn(turnOf(before, after, barMask), weight);
  }
}

/** 1 where the last of these reasons has gone, -1 where the first has come, else 0. */
function turnOf(before: number, after: number, mask: number): number {
  return Number((after & mask) === 0) - Number((before & mask) === 0);
}
