// Groups of members that share one load, with their sums kept up to date.

import { LEAST_TRUSTED, LEVELS, type TrustLevel, WELL } from './trust.ts';

/** The fields of a member that a tier adds up. */
interface Summand {
  readonly reasons: number;
  readonly weight: number;
  readonly concurrency: number | undefined;
  readonly scale: number;
  readonly inFlight: number;
}

/** The meaning of reasons, as bit masks. */
export interface ReasonMasks {
  /**
   * For each class of trust, the reasons that bar a member where that class is in use: all of them, without
   * those of ejections, without those of ejections and of being down.
   */
  readonly barMasks: readonly [number, number, number];
  /** Reasons that mean "at its limit": the member is in service and well all the same. */
  readonly busyMask: number;
}

/** The reasons of a member that is not in the sums: all. */
export const OUT = -1;

/** Number, weight and concurrency of the members of a kind. */
class Total {
  count = 0;
  weight = 0;
  /** Of those whose concurrency is known, and how many it is not known of. */
  concurrency = 0;
  unknown = 0;

  /** Adds (1) or subtracts (-1) a member, or changes nothing (0). */
  add(by: number, { weight, concurrency, scale }: Summand): void {
    if (by === 0) return;
    this.count += by;
    if (concurrency === undefined) this.unknown += by;
    else this.concurrency += by * concurrency * scale;
    // Exactly 0 without members, without a remainder of rounding.
    this.weight = this.count === 0 ? 0 : this.weight + by * weight;
    if (this.count === this.unknown) this.concurrency = 0;
  }

  clear(): void {
    this.count = 0;
    this.weight = 0;
    this.concurrency = 0;
    this.unknown = 0;
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
  /** For each class of trust, its members and those of the classes before it, also those at their limit. */
  readonly #inClass = LEVELS.map(() => new Total());
  /** The same without members at their limit. */
  readonly #eligible = LEVELS.map(() => new Total());
  /** The one of the class that the pool uses. */
  #used = this.#eligible[WELL] as Total;
  /** Changes since the last exact sum. */
  #changes = 0;

  constructor(zone: string | undefined, backup: boolean) {
    this.zone = zone;
    this.backup = backup;
  }

  /** Sets the class of trust that the pool uses. */
  use(level: TrustLevel): void {
    this.#used = this.#eligible[level] as Total;
  }

  /** Weight of the members that are eligible in the class that the pool uses. */
  get eligibleWeight(): number {
    return this.#used.weight;
  }

  /** Weight of the members that are eligible where a class of trust is in use. */
  eligibleWeightIn(level: TrustLevel): number {
    return (this.#eligible[level] as Total).weight;
  }

  /** Number of the members that are eligible where a class of trust is in use. */
  eligibleIn(level: TrustLevel): number {
    return (this.#eligible[level] as Total).count;
  }

  /** Number of the members of a class of trust and of those before it, members at their limit included. */
  countIn(level: TrustLevel): number {
    return (this.#inClass[level] as Total).count;
  }

  /**
   * Weight of the members in service. Unhealthy members and those at their limit are in service; draining
   * ones, and those with an open breaker, are not.
   */
  get weight(): number {
    return (this.#inClass[LEAST_TRUSTED] as Total).weight;
  }

  /** Weight of the members that are well. Includes members at their limit. */
  get wellWeight(): number {
    return (this.#inClass[WELL] as Total).weight;
  }

  /** Whether it is known of all members in service how many requests they can work on at once. */
  get isConcurrencyKnown(): boolean {
    return (this.#inClass[LEAST_TRUSTED] as Total).unknown === 0;
  }

  /** How many requests the members in service can work on at once, as far as it is known. */
  get concurrency(): number {
    return (this.#inClass[LEAST_TRUSTED] as Total).concurrency;
  }

  /** The same for members that are well. */
  get wellConcurrency(): number {
    return (this.#inClass[WELL] as Total).concurrency;
  }

  /** Moves a member in the sums from some reasons that bar it to others. */
  shift(member: M, from: number, to: number, masks: ReasonMasks): void {
    this.#changes++;
    this.#apply(member, from, to, masks);
  }

  /** After members came and left: computes all sums if it `must`, or if there were many shifts. */
  settle(masks: ReasonMasks, must: boolean): void {
    if (must) {
      this.inFlight = 0;
      for (const { inFlight } of this.members) this.inFlight += inFlight;
    }
    if (must || this.#changes > this.members.length) this.sum(masks);
  }

  /** Computes all sums. O(n). */
  sum(masks: ReasonMasks): void {
    for (const total of this.#inClass) total.clear();
    for (const total of this.#eligible) total.clear();
    for (const member of this.members) this.#apply(member, OUT, member.reasons, masks);
    this.#changes = 0;
  }

  /**
   * Updates the sums after the reasons of one member changed. O(1), except that after as many changes as
   * there are members all sums are computed again, so that rounding errors do not add up.
   */
  change(member: M, before: number, masks: ReasonMasks): void {
    if (++this.#changes > this.members.length) this.sum(masks);
    else this.#apply(member, before, member.reasons, masks);
  }

  #apply(member: M, before: number, after: number, { barMasks, busyMask }: ReasonMasks): void {
    for (const level of LEVELS) {
      const mask = barMasks[level];
      (this.#inClass[level] as Total).add(changeOf(before, after, mask & ~busyMask), member);
      (this.#eligible[level] as Total).add(changeOf(before, after, mask), member);
    }
  }
}

/** 1 if the last reason of the mask was cleared, -1 if the first was set, else 0. */
function changeOf(before: number, after: number, mask: number): number {
  return Number((after & mask) === 0) - Number((before & mask) === 0);
}
