// The members of a pool, their slots and tiers, and which of them are eligible.

import { MAX_SLOT } from '../hashing/ring.ts';
import { atOnce, type Steps } from '../steps.ts';
import { type BackendSpec, canonicalId } from './address.ts';
import type { BalancerEvent, Events } from './events.ts';
import { DOWN, DRAINING, LEFT, Member, WEIGHTLESS } from './member.ts';
import type { PlacementListener, PlacementRecall } from './placement.ts';
import { OUT, type ReasonMasks, Tier } from './tier.ts';
import type { Trials } from './trials.ts';
import { EJECTED, LEAST_TRUSTED, LEVELS, type Trust, type TrustLevel, WELL } from './trust.ts';

/** In a crisis, less than this share of the weight in service is well. */
const CRISIS_RATIO = 0.5;

/** Settings and callbacks of a {@link Pool}. */
export interface PoolParts {
  /** If a larger share of members than this, 0 to 1, is unhealthy, health is ignored. */
  readonly panicRatio: number;
  /** Whether each zone is a tier of its own. */
  readonly zoned: boolean;
  readonly events: Events;
  readonly trials: Trials;
  /**
   * Called when members or weights changed, to rebuild the tables over the members.
   * @param inSlices - whether large tables may stay as they are until they are brought up to date in slices
   */
  readonly membersChanged: (inSlices: boolean) => void;
  /** Called when tables were left as they are. */
  readonly isBehind: () => void;
  /** Called for each member that leaves, before `membersChanged`. */
  readonly left: (member: Member) => void;
  /**
   * Makes the tables forget members that have left, but not those that tables still give keys to.
   * @param isReturning - whether they come back
   * @returns in steps, those that are forgotten
   */
  readonly forget: (left: readonly Member[], isReturning: boolean) => Steps<readonly Member[]>;
}

/** Up to so many members, tables are brought up to date at once. */
const AT_ONCE = 512;
/** Of a larger pool, up to so many members that have left are forgotten together. */
const FEW_LEFT = 64;

/** A change of the members. */
export interface Alteration {
  /** All of them after it. */
  readonly members: readonly Member[];
  readonly removed?: readonly Member[];
  readonly added?: readonly Member[];
  /** What changes in members that stay; it may concern their weights. */
  readonly changed?: ReadonlyMap<Member, () => void>;
}

const NO_CHANGES: ReadonlyMap<Member, () => void> = new Map();

/** The members of the pool, their slots, and which of them are eligible for new requests. */
export class Pool implements ReasonMasks {
  /** In the order of the caller's array, then those that `add` added. */
  members: readonly Member[] = [];
  /**
   * In the order in which they first had a member. The first tier has the members without a zone; all, if
   * zones are ignored.
   */
  readonly tiers: Tier<Member>[] = [new Tier<Member>(undefined, false)];
  /** Whether health is ignored because too many members are unhealthy. Only with a `panicRatio` below 1. */
  panic = false;
  /** The class of trust in use: the first one that has a member. */
  trust: TrustLevel = WELL;
  /**
   * Whether only traffic can tell which unhealthy members work: less than half of the weight in service is
   * well, or all the members that are well are at their limit.
   */
  isCrisis = false;
  /** Reasons that mean "unhealthy": down, or ejected by a guard. */
  healthMask = DOWN;
  /** Reasons that mean "at its limit": waiting helps. */
  busyMask = 0;
  /** For each class of trust, the reasons that bar a member where it is in use. */
  barMasks: readonly [number, number, number] = [-1, -1, ~DOWN];
  /** The one of the class in use. */
  barMask = -1;
  readonly bySlot: (Member | undefined)[] = [];
  readonly trials: Trials;
  /** Is told where keys are; at most one. */
  placed: PlacementListener | undefined = undefined;
  /** Is asked where a key is that is not remembered. */
  recall: PlacementRecall | undefined = undefined;
  readonly #byId = new Map<string, Member>();
  /** Removed members that still have leases, by id. A backend that comes back keeps its counters. */
  readonly #departed = new Map<string, Member>();
  readonly #freeSlots: number[] = [];
  /** Members that have left and that tables may still have. Their slots are not given away. */
  #unforgotten: Member[] = [];
  /** Whether less than half of the weight in service is well. */
  #isShort = false;
  /** How often the members have changed. */
  change = 0;
  readonly #options: PoolParts;

  constructor(options: PoolParts) {
    this.#options = options;
    this.trials = options.trials;
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

  /** Adds a guard's reason to the masks. Called before the pool has members. */
  declare(
    reason: number,
    { isHealth, isBusy }: { readonly isHealth: boolean; readonly isBusy: boolean },
  ): void {
    if (isHealth) this.healthMask |= reason;
    if (isBusy) this.busyMask |= reason;
    this.barMasks = [-1, ~(this.healthMask & ~DOWN), ~this.healthMask];
  }

  /** Whether a member may get new requests where the class in use is asked. */
  isEligible(member: Member): boolean {
    return (member.reasons & this.barMask) === 0;
  }

  /** Whether nothing speaks against a member. It may be at its limit. */
  isWell(member: Member): boolean {
    return (member.reasons & ~this.busyMask) === 0;
  }

  /** How far a member is trusted. A draining one, for example, is trusted, but gets nothing. */
  trustOf({ reasons }: Member): Trust {
    if ((reasons & this.healthMask) === 0) return 'well';
    return (reasons & DOWN) === 0 ? 'ejected' : 'down';
  }

  /** The first class of trust that has a member left when some are excluded. O(tried). */
  trustWithout(tried: readonly Member[]): TrustLevel {
    if (tried.length === 0 || this.panic) return this.trust;
    for (const level of LEVELS) if (this.#countIn(level) > this.#countOf(tried, level)) return level;
    return this.trust;
  }

  /**
   * Whether some untried member of the class in use would be eligible if it were not at its limit. O(tried).
   */
  isBusy(tried: readonly Member[]): boolean {
    const level = this.trustWithout(tried);
    let busy = 0;
    for (const tier of this.tiers) busy += tier.countIn(level) - tier.eligibleIn(level);
    if (busy === 0) return false;
    for (const member of new Set(tried))
      if (member.present && this.#isIn(member, level) && (member.reasons & this.busyMask) !== 0) busy--;
    return busy > 0;
  }

  /** The tier of a backend, which is created if there is none yet. */
  tierFor({ zone, backup }: BackendSpec): Tier<Member> {
    const key = this.#options.zoned && !backup ? zone : undefined;
    let tier = this.tiers.find((one) => one.zone === key && one.backup === backup);
    if (tier === undefined) {
      tier = new Tier<Member>(key, backup);
      tier.use(this.trust);
      this.tiers.push(tier);
    }
    return tier;
  }

  /** Creates the member for a new backend. It joins the pool with the next {@link Pool.alter}. */
  enter(spec: BackendSpec): Member {
    const tier = this.tierFor(spec);
    const returning = this.#departed.get(spec.id);
    if (returning !== undefined && returning.address === spec.address && returning.tier === tier) {
      this.#departed.delete(spec.id);
      // What tables still know of it is of its time before.
      if (!returning.forgotten) this.#forget(atOnce(this.#options.forget([returning], true)));
      returning.forgotten = false;
      returning.present = true;
      returning.reasons = 0;
      returning.scale = 1;
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
   * Changes the pool. O(changes) and a copy of the list, beside the strategies' update; with up to 512
   * members all sums are computed anew.
   * @param inSlices - whether strategies may go on with their tables, without the members that have left,
   * until these are brought up to date in slices
   */
  alter({ members, removed = [], added = [], changed = NO_CHANGES }: Alteration, inSlices: boolean): void {
    this.change++;
    const isLarge = members.length > AT_ONCE;
    const resumed: Member[] = [];
    for (const member of removed) {
      this.#byId.delete(member.id);
      this.#depart(member);
    }
    for (const member of added) this.#byId.set(member.id, member);
    for (const [member, change] of changed) {
      member.tier.shift(member, member.reasons, OUT, this);
      change();
      if (this.#weigh(member)) resumed.push(member);
      member.tier.shift(member, OUT, member.reasons, this);
    }
    for (const member of added) {
      if (this.#weigh(member)) resumed.push(member);
      member.tier.shift(member, OUT, member.reasons, this);
      member.tier.inFlight += member.inFlight;
    }
    this.members = members;
    for (const tier of this.tiers)
      tier.members = this.tiers.length === 1 ? members : members.filter((member) => member.tier === tier);
    const { events, membersChanged, forget, isBehind } = this.#options;
    const isBehindNow = inSlices && isLarge;
    membersChanged(isBehindNow);
    if (this.#unforgotten.length > (isLarge ? FEW_LEFT : 0) && !isBehindNow)
      this.#forget(atOnce(forget(this.#unforgotten, false)));
    for (const tier of this.tiers) tier.settle(this, !isLarge);
    const turned = this.#judge();
    for (const { id } of removed) events.emit({ type: 'removed', backend: id });
    for (const { id } of added) events.emit({ type: 'added', backend: id });
    for (const { id } of resumed) events.emit({ type: 'resumed', backend: id });
    for (const event of turned) events.emit(event);
    if (isBehindNow) isBehind();
  }

  /** Sets the current weight of a member. @returns whether it gets requests again */
  #weigh(member: Member): boolean {
    const { reasons } = member;
    member.weight = member.nominalWeight * member.scale;
    member.reasons = member.weight === 0 ? reasons | WEIGHTLESS : reasons & ~WEIGHTLESS;
    return (reasons & (WEIGHTLESS | DRAINING)) === WEIGHTLESS && member.weight > 0;
  }

  /** Sets the scale of some members' weights. */
  scale(factors: ReadonlyMap<Member, number>): void {
    const changed = new Map<Member, () => void>();
    for (const [member, factor] of factors)
      if (member.present) changed.set(member, () => (member.scale = factor));
    this.alter({ members: this.members, changed }, true);
  }

  /** Makes tables forget the members that have left, and frees their slots. */
  *forgetLeft(): Steps {
    const left = [...this.#unforgotten];
    if (left.length > 0) this.#forget(yield* this.#options.forget(left, false));
  }

  /**
   * Sets (`on`) or clears a reason that bars a member. O(1) amortised.
   * @returns whether that changed anything
   */
  setReason(member: Member, reason: number, on: boolean): boolean {
    const before = member.reasons;
    const reasons = on ? before | reason : before & ~reason;
    if (reasons === before) return false;
    member.reasons = reasons;
    if ((before & this.healthMask) !== 0 && (reasons & this.healthMask) === 0)
      member.isProven = this.trials.forget(member);
    // A removed member is not part of any sum.
    if (!member.present) return true;
    member.tier.change(member, before, this);
    for (const event of this.#judge()) this.#options.events.emit(event);
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

  #depart(member: Member): void {
    member.present = false;
    member.tier.inFlight -= member.inFlight;
    member.tier.shift(member, member.reasons, OUT, this);
    member.reasons |= LEFT;
    member.leftAt = this.change;
    member.listed = undefined;
    this.trials.forget(member);
    this.#options.left(member);
    this.#unforgotten.push(member);
    if (member.inFlight > 0) this.#departed.set(member.id, member);
  }

  #forget(forgotten: readonly Member[]): void {
    const done = new Set(forgotten);
    this.#unforgotten = this.#unforgotten.filter((member) => !done.has(member));
    for (const member of done) {
      member.forgotten = true;
      if (member.inFlight === 0) this.#release(member);
    }
  }

  /** Frees the slot of a removed member after its last lease, once no table has it. */
  #release(member: Member): void {
    if (this.#departed.get(member.id) === member) this.#departed.delete(member.id);
    if (!member.forgotten) return;
    this.bySlot[member.slot] = undefined;
    this.#freeSlots.push(member.slot);
  }

  #isIn({ reasons }: Member, level: TrustLevel): boolean {
    return (reasons & this.barMasks[level] & ~this.busyMask) === 0;
  }

  #countIn(level: TrustLevel): number {
    let count = 0;
    for (const tier of this.tiers) count += tier.countIn(level);
    return count;
  }

  #countOf(members: readonly Member[], level: TrustLevel): number {
    let count = 0;
    for (const member of new Set(members)) if (member.present && this.#isIn(member, level)) count++;
    return count;
  }

  /**
   * Finds the class of trust in use, and whether there is a crisis or panic. Backups count as well as others
   * for the class, but not for the shares: they are not in service while others are. There is no panic while
   * healthy backups can serve all requests. O(tiers).
   * @returns the events that tell of it
   */
  #judge(): readonly BalancerEvent[] {
    // One loop over all sums: with a limit on requests in flight, this runs for many leases.
    let well = 0;
    let ejected = 0;
    let eligible = 0;
    let all = 0;
    let inService = 0;
    let weight = 0;
    let wellWeight = 0;
    let backups = 0;
    for (const tier of this.tiers) {
      const wellHere = tier.countIn(WELL);
      well += wellHere;
      ejected += tier.countIn(EJECTED) - wellHere;
      eligible += tier.eligibleIn(WELL);
      all += tier.countIn(LEAST_TRUSTED);
      if (tier.backup) backups += wellHere;
      else {
        inService += tier.countIn(LEAST_TRUSTED);
        weight += tier.weight;
        wellWeight += tier.wellWeight;
      }
    }
    const primary = well - backups;
    const isShort = primary < inService && wellWeight < CRISIS_RATIO * weight;
    const tooMany = inService - primary > this.#options.panicRatio * inService;
    const panic = tooMany && (primary > 0 || backups === 0);
    this.isCrisis = isShort || (well > 0 && eligible === 0);
    this.#use(panic ? LEAST_TRUSTED : well > 0 || all === 0 ? WELL : ejected > 0 ? EJECTED : LEAST_TRUSTED);
    if (panic === this.panic && isShort === this.#isShort) return NO_EVENTS;
    const events: BalancerEvent[] = [];
    if (isShort !== this.#isShort) events.push({ type: 'crisis', crisis: isShort });
    if (panic !== this.panic) events.push({ type: 'panic', panic });
    this.#isShort = isShort;
    this.panic = panic;
    return events;
  }

  #use(trust: TrustLevel): void {
    if (trust === this.trust) return;
    this.trust = trust;
    this.barMask = this.barMasks[trust];
    for (const tier of this.tiers) tier.use(trust);
  }
}

const NO_EVENTS: readonly BalancerEvent[] = [];
