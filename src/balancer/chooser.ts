import { hashKey, KeyHasher } from '../hashing/hash.ts';
import {
  type Backend,
  type Eligible,
  isKeyedStrategy,
  type KeyedStrategy,
  type Strategy,
} from '../strategies/strategy.ts';
import { drawNumber } from '../strategies/weighted-draw.ts';
import { type Bounds, flightLimit, KeyPlaces, shareOf } from './bounded-load.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';
import type { Tier } from './tier.ts';

/** How a {@link Chooser} is set up. */
export interface ChooserOptions {
  readonly strategy: Strategy;
  readonly bounds: Required<Bounds>;
  readonly seed: number;
  readonly random: () => number;
}

/**
 * The one place where a backend is chosen. {@link Chooser.choose} only looks, and leaves its finding in the fields, which
 * `explain` reads; {@link Chooser.commit} makes it true.
 */
export class Chooser {
  /** Who takes the request; `undefined` where nobody may. */
  picked: Member | undefined = undefined;
  /** On whom the key lives; `undefined` without a key or a keyed strategy. */
  owner: Member | undefined = undefined;
  /** Whether the request goes elsewhere because its owner has its hands full. */
  spilled = false;
  /** Whether a session decided, and not the strategy. */
  sticky = false;
  /** 32-bit hash of the key, or a random number in its place. */
  position = 0;
  readonly strategy: Strategy;
  readonly bounds: Required<Bounds>;
  readonly seed: number;
  /** The memory of keys and bound on them; `undefined` where that bound is off. */
  readonly places: KeyPlaces | undefined;
  /** Those among whom it chooses. */
  readonly tier: Tier<Member>;
  readonly #keyed: KeyedStrategy | undefined;
  readonly #pool: Pool;
  readonly #random: () => number;
  readonly #hasher = new KeyHasher();
  readonly #bounded: boolean;
  #tried: readonly Backend[] = [];
  /** Weight that the members of `#tried` take out of the sums. */
  #triedWeight = 0;
  /** Stands in for the hash of a key where there is none; drawn ahead, so that looking does not change it. */
  #chance: number;
  #hasKey = false;

  constructor(pool: Pool, tier: Tier<Member>, { strategy, bounds, seed, random }: ChooserOptions) {
    this.tier = tier;
    this.strategy = strategy;
    this.bounds = bounds;
    this.seed = seed;
    this.#pool = pool;
    this.#random = random;
    this.#chance = drawNumber(random);
    this.#keyed = isKeyedStrategy(strategy) ? strategy : undefined;
    this.#bounded = this.#keyed !== undefined && bounds.factor !== Number.POSITIVE_INFINITY;
    if (this.#keyed !== undefined && this.#bounded && bounds.rememberedKeys > 0) {
      this.places = new KeyPlaces(bounds, this.#keyed, pool, tier);
    }
  }

  /** Members or weights changed. */
  membersChanged(removed: readonly Member[]): void {
    this.strategy.update(this.tier.members.filter((member) => member.weight > 0));
    this.places?.membersChanged(removed);
  }

  /**
   * Finds the backend for a request. O(1) for the default strategy.
   * @param key - `undefined` for a request that has none
   * @param tried - backends that this request has already been sent to
   */
  choose(key: string | undefined, tried: readonly Backend[]): void {
    this.#leaveOut(tried);
    this.sticky = false;
    this.#hasKey = this.#keyed !== undefined && key !== undefined;
    this.owner = this.#hasKey ? this.#ownerOf(key as string) : undefined;
    if (!this.#hasKey) this.position = this.#chance;
    const { owner } = this;
    if (owner !== undefined && this.#mayServe(owner)) {
      this.picked = owner;
      this.spilled = false;
    } else {
      this.picked = this.strategy.pick(this.position, this.#mayServe as Eligible) as Member | undefined;
      this.spilled = owner !== undefined && this.#pool.isEligible(owner) && !tried.includes(owner);
    }
  }

  /** Settles on one backend, past strategy and bounds: a session stays where it is. */
  stickTo(member: Member, tried: readonly Backend[]): void {
    this.#leaveOut(tried);
    this.sticky = true;
    this.picked = member;
    this.owner = undefined;
    this.spilled = false;
    this.#hasKey = false;
  }

  /** Makes the last choice true. Somebody must have been picked. */
  commit(): void {
    if (!this.#hasKey) this.#chance = drawNumber(this.#random);
    else if (this.owner !== undefined) {
      this.places?.settle();
      if (this.spilled) this.owner.spills++;
    }
  }

  /** How many requests a member may have in flight now when one more comes; `Infinity` where nothing bounds them. */
  flightLimitOf(member: Member): number {
    if (!this.#bounded) return Number.POSITIVE_INFINITY;
    const { eligibleWeight, inFlight } = this.tier;
    const weight = this.#tried.length === 0 ? eligibleWeight : eligibleWeight - this.#triedWeight;
    return flightLimit(inFlight, shareOf(member, weight), this.bounds.factor, this.bounds.z);
  }

  hasTried(member: Member): boolean {
    return this.#tried.includes(member);
  }

  #ownerOf(key: string): Member | undefined {
    if (this.places === undefined) {
      this.position = hashKey(key, this.seed);
      return (this.#keyed as KeyedStrategy).home(this.position) as Member | undefined;
    }
    this.#hasher.read(key, this.seed);
    this.position = this.#hasher.position;
    this.places.look(this.position, this.#hasher.fingerprint);
    return this.places.owner;
  }

  #leaveOut(tried: readonly Backend[]): void {
    this.#tried = tried;
    if (tried.length > 0) this.#triedWeight = this.#weigh(tried);
  }

  #weigh(backends: readonly Backend[]): number {
    let weight = 0;
    for (const member of new Set(backends as readonly Member[])) {
      if (member.present && member.tier === this.tier && this.#pool.isEligible(member))
        weight += member.weight;
    }
    return weight;
  }

  readonly #mayServe = (member: Member): boolean =>
    this.#pool.isEligible(member) &&
    (this.#tried.length === 0 || !this.#tried.includes(member)) &&
    (!this.#bounded || this.#hasRoom(member));

  /** Whether a member is below its limit on requests in flight. */
  #hasRoom(member: Member): boolean {
    const { inFlight } = member;
    // The limit is never below 1, and never below the factor times the fair share: mostly there is no need to work it out.
    if (inFlight === 0) return true;
    const { eligibleWeight, inFlight: total } = this.tier;
    if ((inFlight + 1) * eligibleWeight <= this.bounds.factor * (total + 1) * member.weight) return true;
    return inFlight < this.flightLimitOf(member);
  }
}
