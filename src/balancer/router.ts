// Chooses the tier for a request: its own zone first, as far as its capacity goes, then the other zones,
// backups last.

import { hashKey, KEY_SPACE, mix } from '../hashing/hash.ts';
import type { Steps } from '../steps.ts';
import { drawNumber } from '../strategies/weighted-draw.ts';
import { Chooser, type ChooserOptions } from './chooser.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';
import type { Tier } from './tier.ts';
import { ZoneDemand } from './zone-demand.ts';

/**
 * A zone keeps all its requests until its healthy weight falls below 1 / 1.4 of its weight, as in Envoy, or
 * its share of the healthy weight below 1 / 1.4 of its share of the requests.
 */
const OVERPROVISIONING = 1.4;

/** Settings of a {@link Router}. */
export interface RouterOptions {
  /** Zones in the order of failover between them; unlisted zones come last. */
  readonly zoneOrder: readonly string[];
  /** Returns the parts of a new chooser; called once for each tier. */
  readonly chooser: () => ChooserOptions;
}

/** Finds the tier that serves a request, and lets the chooser of that tier choose the backend. */
export class Router {
  #choosers: readonly Chooser[] = [];
  readonly #pool: Pool;
  readonly #options: RouterOptions;
  /**
   * A random number that replaces the hash of a request without a key. Drawn in advance, so that a dry run
   * sees the same one.
   */
  #chance = 0;
  readonly #demand = new ZoneDemand();
  /** The zone that the last request asked for; `undefined` if it has no backends. */
  #asked: string | undefined = undefined;
  #kept: number | undefined = undefined;
  readonly #random: () => number;

  constructor(pool: Pool, random: () => number, options: RouterOptions) {
    this.#pool = pool;
    this.#random = random;
    this.#options = options;
    // There is always one chooser, which answers for an empty pool, too.
    this.#choosers = [this.#chooserFor(pool.firstTier)];
  }

  /**
   * The share of its own requests that the zone of the last request keeps, from 0 to 1; `undefined` for a
   * request without a zone.
   */
  get kept(): number | undefined {
    return this.#kept;
  }

  /** Number of remembered keys, over all tiers. */
  get keys(): number {
    return this.#choosers.reduce((sum, { places }) => sum + (places?.size ?? 0), 0);
  }

  /** A chooser for each tier with members, in the order of preference, backups last; at least one. */
  get choosers(): readonly Chooser[] {
    return this.#choosers;
  }

  /** Called when a member leaves. */
  left(member: Member): void {
    this.chooserOf(member).places?.left(member);
    member.keys = 0;
  }

  /**
   * Forgets members that have left.
   * @param isReturning - whether they come back; else those stay known that are in tables of before
   * @returns in steps, those that are forgotten
   */
  *forget(left: readonly Member[], isReturning: boolean): Steps<readonly Member[]> {
    const forgotten: Member[] = [];
    for (const chooser of this.#choosers) {
      const own = left.filter(({ tier }) => tier === chooser.tier);
      const gone = isReturning ? own : own.filter(({ leftAt }) => leftAt <= chooser.tablesOf);
      if (gone.length > 0) yield* chooser.forget(gone);
      forgotten.push(...gone);
    }
    const tiers = new Set(this.#choosers.map(({ tier }) => tier));
    return [...forgotten, ...left.filter(({ tier }) => !tiers.has(tier))];
  }

  /** Brings tables up to date that were left as they are. */
  *catchUp(): Steps {
    for (const chooser of this.#choosers) yield* chooser.catchUp();
  }

  /**
   * Called after members or weights changed.
   * @param inSlices - whether large tables are left as they are for {@link Router.catchUp}
   */
  membersChanged(inSlices: boolean): void {
    const known = new Map(this.#choosers.map((chooser) => [chooser.tier, chooser]));
    const inUse = this.#pool.tiers.filter((tier) => tier.members.length > 0);
    const tiers = inUse.length > 0 ? inUse : [this.#pool.firstTier];
    const choosers = tiers.map((tier) => known.get(tier) ?? this.#chooserFor(tier));
    const rank = ({ tier }: Chooser) => {
      const at = this.#options.zoneOrder.indexOf(tier.zone ?? '');
      return (tier.backup ? 1e6 : 0) + (at < 0 ? this.#options.zoneOrder.length : at);
    };
    this.#choosers = choosers.sort((a, b) => rank(a) - rank(b));
    for (const chooser of this.#choosers) chooser.membersChanged(inSlices);
  }

  /** Chooses a backend. @returns the chooser that holds the decision */
  choose(key: string | undefined, zone: string | undefined): Chooser {
    const only = this.#choosers[0] as Chooser;
    this.#asked = undefined;
    this.#kept = undefined;
    if (this.#choosers.length === 1) {
      only.choose(key);
      return only;
    }
    const order = this.#order(key, zone);
    if (key !== undefined && only.isStrict) keepFirst(order, key);
    for (const chooser of order) {
      chooser.choose(key);
      if (chooser.picked !== undefined) return chooser;
    }
    return order[0] as Chooser;
  }

  /** Chooses the backend of a session. @returns the chooser that holds the decision */
  stickTo(member: Member): Chooser {
    this.#asked = undefined;
    this.#kept = undefined;
    const chooser = this.chooserOf(member);
    chooser.stickTo(member);
    return chooser;
  }

  /**
   * Places a session that is on no backend yet: at its home, in the tiers in order. Chooses by the key, the
   * members and their health alone.
   * @param keeps - whether a member may have sessions
   * @returns the chooser that holds the decision
   */
  placeSession(key: string, zone: string | undefined, keeps: (member: Member) => boolean): Chooser {
    this.#asked = undefined;
    this.#kept = undefined;
    const order = this.#choosers.length === 1 ? this.#choosers : this.#order(key, zone);
    for (const chooser of order) {
      chooser.placeSession(key, keeps);
      if (chooser.picked !== undefined) return chooser;
    }
    return order[0] as Chooser;
  }

  /** The chooser of a member's tier. */
  chooserOf(member: Member): Chooser {
    const first = this.#choosers[0] as Chooser;
    return first.tier === member.tier
      ? first
      : (this.#choosers.find(({ tier }) => tier === member.tier) as Chooser);
  }

  /** Called after a decision was committed. */
  committed(): void {
    if (this.#choosers.length > 1) this.#chance = drawNumber(this.#random);
    if (this.#asked !== undefined) this.#demand.count(this.#asked);
  }

  #chooserFor(tier: Tier<Member>): Chooser {
    return new Chooser(this.#pool, tier, this.#options.chooser());
  }

  /** All choosers in the order in which they are asked for this request. */
  #order(key: string | undefined, zone: string | undefined): Chooser[] {
    const primary = this.#choosers.filter(({ tier }) => !tier.backup);
    const backups = this.#choosers.filter(({ tier }) => tier.backup);
    const hash = key === undefined ? this.#chance : hashKey(key, primary[0]?.seed ?? 0);
    // Mixed once more, so that the fraction is independent of the position on the ring.
    const fraction = (mix(hash ^ 0x2545f491) >>> 0) / KEY_SPACE;
    // A request without a zone has no own tier, not even the tier of members without a zone.
    const own = primary.filter(({ tier }) => zone !== undefined && tier.zone === zone);
    const rest = primary.filter((one) => !own.includes(one));
    const first = own.length > 0 ? this.#byCapacity(own, rest, fraction) : byWeight(rest, fraction);
    return [
      ...(first === undefined ? [] : [first]),
      ...[...own, ...rest].filter((one) => one !== first),
      ...backups,
    ];
  }

  /**
   * The chooser of a request that has a zone of its own. That zone keeps the requests that it has capacity
   * for: up to its healthy part times 1.4, and up to its share of the healthy weight times 1.4 over its share
   * of the requests. The other zones in order take what they have room for beyond their own. Capacity is what
   * backends can work on at once, if that is known of all of them, else their weight.
   */
  #byCapacity(own: readonly Chooser[], rest: readonly Chooser[], fraction: number): Chooser | undefined {
    const choosers = [...own, ...rest];
    const isKnown = choosers.every(({ tier }) => tier.isConcurrencyKnown);
    const wellOf = ({ tier }: Chooser) => (isKnown ? tier.wellConcurrency : tier.wellWeight);
    const wholeOf = ({ tier }: Chooser) => (isKnown ? tier.concurrency : tier.weight);
    const asked = (own[0] as Chooser).tier.zone as string;
    const zones = choosers.filter(({ tier }) => tier.zone !== undefined).length;
    const all = choosers.reduce((sum, chooser) => sum + wellOf(chooser), 0);
    const demand = this.#demand.shareOf(asked, zones);
    const shares = choosers.map((chooser) => {
      const { tier } = chooser;
      const well = OVERPROVISIONING * wellOf(chooser);
      const whole = wholeOf(chooser);
      const health = whole === 0 ? 0 : well / whole;
      if (all === 0) return Math.min(1, health);
      const capacity = well / all;
      const isOther = tier.zone !== undefined && tier.zone !== asked;
      const room = isOther ? capacity - this.#demand.shareOf(tier.zone, zones) : capacity;
      return Math.min(1, health, Math.max(0, room / demand));
    });
    this.#asked = asked;
    this.#kept = Math.min(1, (shares[0] as number) / Math.min(1, sumOf(shares)) || 0);
    return byShares(choosers, shares, fraction);
  }
}

/**
 * Strict affinity comes before zones: moves the tier to the front in which a key has leases, else the first
 * one that remembers it. What a backup remembers does not count, as the key is to come back from there.
 */
function keepFirst(order: Chooser[], key: string): void {
  let firmest = 0;
  let keeper = 0;
  for (const [i, chooser] of order.entries()) {
    const hold = chooser.holdOn(key);
    if (hold <= firmest || (hold === 1 && chooser.tier.backup)) continue;
    firmest = hold;
    keeper = i;
  }
  if (keeper > 0) order.unshift(...order.splice(keeper, 1));
}

/**
 * Each chooser in order gets its share, from what the choosers before it left over; if all shares together
 * are less than 1, they are raised alike.
 */
function byShares(
  choosers: readonly Chooser[],
  shares: readonly number[],
  fraction: number,
): Chooser | undefined {
  const total = Math.min(1, sumOf(shares));
  let end = 0;
  return choosers.find((_, i) => fraction * total < (end += shares[i] as number));
}

/** For a request without a zone: in proportion to the eligible weight. */
function byWeight(choosers: readonly Chooser[], fraction: number): Chooser | undefined {
  const total = choosers.reduce((sum, { tier }) => sum + tier.eligibleWeight, 0);
  let end = 0;
  return choosers.find(({ tier }) => fraction * total < (end += tier.eligibleWeight));
}

function sumOf(shares: readonly number[]): number {
  return shares.reduce((sum, share) => sum + share, 0);
}
