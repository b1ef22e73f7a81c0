// The members of a pool, their slots and tiers, and which of them are eligible.

import { MAX_SLOT } from '../hashing/ring.ts';
import { type BackendSpec, canonicalId } from './address.ts';
import type { Events } from './events.ts';
import { DOWN, DRAINING, Member, WEIGHTLESS } from './member.ts';
import { type ReasonMasks, Tier } from './tier.ts';

/** Settings and callbacks of a {@link Pool}. */
export interface PoolOptions {
  /** If a larger share of members than this, 0 to 1, is unhealthy, health is ignored. */
  readonly panicRatio: number;
  /** Whether each zone is a tier of its own. */
  readonly zoned: boolean;
  readonly events: Events;
  /** Called when members or weights changed, to rebuild the tables over the members. */
  readonly membersChanged: (removed: readonly Member[]) => void;
}

/** The members of the pool, their slots, and which of them are eligible for new requests. */
export class Pool implements ReasonMasks {
  /** In the order of the caller's array, then those that `add` added. */
  members: readonly Member[] = [];
  /**
   * In the order in which they first had a member. The first tier has the members without a zone; all, if
   * zones are ignored.
   */
  readonly tiers: Tier<Member>[] = [new Tier<Member>(undefined, false)];
  /** Whether health is ignored because too many members are unhealthy. */
  panic = false;
  /** Reasons that mean "unhealthy". */
  healthMask = DOWN;
  /** Reasons that mean "at its limit": waiting helps. */
  busyMask = 0;
  /** Reasons that bar a member now: all of them, in panic without those of `healthMask`. */
  barMask = -1;
  readonly bySlot: (Member | undefined)[] = [];
  readonly #byId = new Map<string, Member>();
  /** Removed members that still have leases, by id. A backend that comes back keeps its counters. */
  readonly #departed = new Map<string, Member>();
  readonly #freeSlots: number[] = [];
  readonly #options: PoolOptions;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The first tier. It exists even in an empty pool. */
  get firstTier(): Tier<Member> {
    return this.tiers[0] as Tier<Member>;
  }

  get(id: string): Member | undefined {
    return this.#byId.get(id);
  }

  /** The same for an id that a caller wrote: of a base URL, any spelling does. */
  find(id: string): Member | undefined {
    return this.#byId.get(id) ?? this.#byId.get(canonicalId(id));
  }

  /** Whether a member may get new requests. */
  isEligible(member: Member): boolean {
    return (member.reasons & this.barMask) === 0;
  }

  /** Whether a member would be eligible without some of its reasons. */
  isEligibleWithout(member: Member, reasons: number): boolean {
    return (member.reasons & this.barMask & ~reasons) === 0;
  }

  /** Whether some untried member would be eligible if it were not at its limit. O(n). */
  isBusy(tried: readonly Member[]): boolean {
    return this.members.some(
      (member) =>
        !this.isEligible(member) && this.isEligibleWithout(member, this.busyMask) && !tried.includes(member),
    );
  }

  /** Creates the member for a new backend. It joins the pool with the next {@link Pool.replace}. */
  enter(spec: BackendSpec): Member {
    const tier = this.#tierFor(spec);
    const returning = this.#departed.get(spec.id);
    if (returning !== undefined && returning.address === spec.address && returning.tier === tier) {
      this.#departed.delete(spec.id);
      returning.present = true;
      returning.reasons = 0;
      returning.scale = 1;
      returning.added = false;
      returning.index = -1;
      returning.setConcurrency(spec.concurrency, undefined);
      return returning;
    }
    const slot = this.#freeSlots.pop() ?? this.bySlot.length;
    if (slot > MAX_SLOT) throw new RangeError(`a pool can hold ${MAX_SLOT + 1} backends at the most`);
    const member = new Member(spec, slot, tier);
    this.bySlot[slot] = member;
    return member;
  }

  /**
   * Sets the members of the pool and recomputes their weights and all sums. O(n), and the strategies' update.
   */
  replace(members: readonly Member[]): void {
    const stays = new Set(members);
    const before = new Set(this.members);
    const removed = this.members.filter((member) => !stays.has(member));
    this.members = members;
    for (const member of removed) this.#byId.delete(member.id);
    const resumed: Member[] = [];
    for (const member of members) {
      this.#byId.set(member.id, member);
      member.weight = member.nominalWeight * member.scale;
      const { reasons } = member;
      member.reasons = member.weight === 0 ? reasons | WEIGHTLESS : reasons & ~WEIGHTLESS;
      if ((reasons & (WEIGHTLESS | DRAINING)) === WEIGHTLESS && member.weight > 0) resumed.push(member);
    }
    for (const member of removed) this.#depart(member);
    for (const tier of this.tiers) {
      tier.members = members.filter((member) => member.tier === tier);
      tier.inFlight = tier.members.reduce((sum, member) => sum + member.inFlight, 0);
    }
    this.#options.membersChanged(removed);
    const { events } = this.#options;
    for (const tier of this.tiers) tier.sum(this);
    const panicTurned = this.#judge();
    for (const { id } of removed) events.emit({ type: 'removed', backend: id });
    for (const member of members) if (!before.has(member)) events.emit({ type: 'added', backend: member.id });
    for (const { id } of resumed) events.emit({ type: 'resumed', backend: id });
    if (panicTurned) events.emit({ type: 'panic', panic: this.panic });
  }

  /** Sets the scale of some members' weights. */
  scale(factors: ReadonlyMap<Member, number>): void {
    for (const [member, factor] of factors) member.scale = factor;
    this.replace(this.members);
  }

  /**
   * Sets (`on`) or clears a reason that bars a member. O(1) amortised; O(n) if panic begins or ends.
   * @returns whether that changed anything
   */
  setReason(member: Member, reason: number, on: boolean): boolean {
    const before = member.reasons;
    const reasons = on ? before | reason : before & ~reason;
    if (reasons === before) return false;
    member.reasons = reasons;
    // A removed member is not part of any sum.
    if (!member.present) return true;
    member.tier.change(member, before, this);
    if (this.#judge()) this.#options.events.emit({ type: 'panic', panic: this.panic });
    return true;
  }

  /** Counts a lease that began. */
  begin(member: Member): void {
    member.inFlight++;
    member.tier.inFlight++;
  }

  /** Counts a lease that ended. Leases on removed members are not in the sum of the tier. */
  end(member: Member): void {
    member.inFlight--;
    if (member.present) member.tier.inFlight--;
    else if (member.inFlight === 0) this.#release(member);
  }

  #tierFor({ zone, backup }: BackendSpec): Tier<Member> {
    const key = this.#options.zoned && !backup ? zone : undefined;
    let tier = this.tiers.find((one) => one.zone === key && one.backup === backup);
    if (tier === undefined) this.tiers.push((tier = new Tier<Member>(key, backup)));
    return tier;
  }

  #depart(member: Member): void {
    member.present = false;
    member.listedWeight = undefined;
    member.keys = 0;
    if (member.inFlight === 0) this.#release(member);
    else this.#departed.set(member.id, member);
  }

  /** Frees the slot of a removed member after its last lease. */
  #release(member: Member): void {
    if (this.#departed.get(member.id) === member) this.#departed.delete(member.id);
    this.bySlot[member.slot] = undefined;
    this.#freeSlots.push(member.slot);
  }

  /**
   * Decides whether the pool is in panic. There is no panic while healthy backups can serve all requests. A
   * member at its limit counts as healthy.
   * @returns whether panic began or ended
   */
  #judge(): boolean {
    let inService = 0;
    let healthy = 0;
    let backups = 0;
    for (const tier of this.tiers) {
      if (tier.backup) backups += tier.healthy;
      else {
        inService += tier.inService;
        healthy += tier.healthy;
      }
    }
    const tooMany = inService - healthy > this.#options.panicRatio * inService;
    const panic = tooMany && (healthy > 0 || backups === 0);
    if (panic === this.panic) return false;
    this.panic = panic;
    this.barMask = panic ? ~this.healthMask : -1;
    for (const tier of this.tiers) tier.sum(this);
    return true;
  }
}
