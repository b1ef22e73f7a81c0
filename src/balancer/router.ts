import { hashKey, KEY_SPACE, mix } from '../hashing/hash.ts';
import type { Backend } from '../strategies/strategy.ts';
import { drawNumber } from '../strategies/weighted-draw.ts';
import { Chooser, type ChooserOptions } from './chooser.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';
import type { Tier } from './tier.ts';

/** A zone passes requests on when its healthy capacity falls below 1 / 1.4 of the whole, as in Envoy. */
const OVERPROVISIONING = 1.4;

/** How a {@link Router} is set up. */
export interface RouterOptions {
  /** Zones in the order in which they stand in for each other; those not named come after them. */
  readonly zoneOrder: readonly string[];
  /** What to make a chooser of, for each tier anew. */
  readonly chooser: () => ChooserOptions;
}

/** Leads each request to the tier that serves it: its own zone first, then the next ones, backups last. */
export class Router {
  #choosers: readonly Chooser[] = [];
  readonly #pool: Pool;
  readonly #options: RouterOptions;
  /** Decides for requests without a key; drawn ahead, so that looking does not change it. */
  #chance = 0;
  readonly #random: () => number;

  constructor(pool: Pool, random: () => number, options: RouterOptions) {
    this.#pool = pool;
    this.#random = random;
    this.#options = options;
    // A first one, so that there always is somebody to say that nobody may.
    this.#choosers = [this.#chooserFor(pool.firstTier)];
  }

  /** Keys remembered over all tiers. */
  get keys(): number {
    return this.#choosers.reduce((sum, { places }) => sum + (places?.size ?? 0), 0);
  }

  /** One for each tier, preferred zones first, backups last; at least one. */
  get choosers(): readonly Chooser[] {
    return this.#choosers;
  }

  /** Members or weights changed. */
  membersChanged(removed: readonly Member[]): void {
    const known = new Map(this.#choosers.map((chooser) => [chooser.tier, chooser]));
    const inUse = this.#pool.tiers.filter((tier) => tier.members.length > 0);
    const tiers = inUse.length > 0 ? inUse : [this.#pool.firstTier];
    const choosers = tiers.map((tier) => known.get(tier) ?? this.#chooserFor(tier));
    const rank = ({ tier }: Chooser) => {
      const at = this.#options.zoneOrder.indexOf(tier.zone ?? '');
      return (tier.backup ? 1e6 : 0) + (at < 0 ? this.#options.zoneOrder.length : at);
    };
    this.#choosers = choosers.sort((a, b) => rank(a) - rank(b));
    for (const chooser of this.#choosers) chooser.membersChanged(removed);
  }

  /** Finds a backend; the chooser that is returned holds what was found. */
  choose(key: string | undefined, tried: readonly Backend[], zone: string | undefined): Chooser {
    const only = this.#choosers[0] as Chooser;
    if (this.#choosers.length === 1) {
      only.choose(key, tried);
      return only;
    }
    const order = this.#order(key, zone);
    for (const chooser of order) {
      chooser.choose(key, tried);
      if (chooser.picked !== undefined) return chooser;
    }
    return order[0] as Chooser;
  }

  /** Settles on the backend of a session. */
  stickTo(member: Member, tried: readonly Backend[]): Chooser {
    const chooser = this.chooserOf(member);
    chooser.stickTo(member, tried);
    return chooser;
  }

  /** The chooser of the tier to which a member belongs. */
  chooserOf(member: Member): Chooser {
    const first = this.#choosers[0] as Chooser;
    return first.tier === member.tier
      ? first
      : (this.#choosers.find(({ tier }) => tier === member.tier) as Chooser);
  }

  /** A choice was made true. */
  committed(): void {
    if (this.#choosers.length > 1) this.#chance = drawNumber(this.#random);
  }

  #chooserFor(tier: Tier<Member>): Chooser {
    return new Chooser(this.#pool, tier, this.#options.chooser());
  }

  /** All choosers in the order in which they are asked. */
  #order(key: string | undefined, zone: string | undefined): Chooser[] {
    const primary = this.#choosers.filter(({ tier }) => !tier.backup);
    const backups = this.#choosers.filter(({ tier }) => tier.backup);
    const hash = key === undefined ? this.#chance : hashKey(key, primary[0]?.seed ?? 0);
    // Mixed once more: the fraction must not go along with the position on the ring.
    const fraction = (mix(hash ^ 0x2545f491) >>> 0) / KEY_SPACE;
    // Who has no zone is at home nowhere, not with the members that have none either.
    const own = primary.filter(({ tier }) => zone !== undefined && tier.zone === zone);
    const rest = primary.filter((one) => !own.includes(one));
    const first = own.length > 0 ? byHealth([...own, ...rest], fraction) : byWeight(rest, fraction);
    return [
      ...(first === undefined ? [] : [first]),
      ...[...own, ...rest].filter((one) => one !== first),
      ...backups,
    ];
  }
}

/** Each in order takes what its health allows, times 1.4, of what those before it left over. */
function byHealth(choosers: readonly Chooser[], fraction: number): Chooser | undefined {
  const shares = choosers.map(({ tier }) =>
    Math.min(1, tier.weight === 0 ? 0 : (OVERPROVISIONING * tier.healthyWeight) / tier.weight),
  );
  const total = Math.min(
    1,
    shares.reduce((sum, share) => sum + share, 0),
  );
  let end = 0;
  return choosers.find((_, i) => fraction * total < (end += shares[i] as number));
}

/** For a request of no zone: in proportion to what may serve. */
function byWeight(choosers: readonly Chooser[], fraction: number): Chooser | undefined {
  const total = choosers.reduce((sum, { tier }) => sum + tier.eligibleWeight, 0);
  let end = 0;
  return choosers.find(({ tier }) => fraction * total < (end += tier.eligibleWeight));
}
