// The choice of a backend among the members of one tier: session, owner of the key, bounds and strategy come
// together here.

import { hashKey, KeyHasher } from '../hashing/hash.ts';
import type { Steps } from '../steps.ts';
import { consistentHash } from '../strategies/consistent-hash.ts';
import {
  type Backend,
  type Eligible,
  isKeyedStrategy,
  type KeyedStrategy,
  type Strategy,
} from '../strategies/strategy.ts';
import { drawNumber } from '../strategies/weighted-draw.ts';
import {
  type BoundSettings,
  flightLimit,
  KeyPlaces,
  memorySize,
  type StrictRules,
  shareOf,
} from './bounded-load.ts';
import { type HeldKey, HeldKeys } from './held-keys.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';
import type { Tier } from './tier.ts';
import type { View } from './view.ts';

/** Parts of a {@link Chooser}. */
export interface ChooserOptions {
  readonly strategy: Strategy;
  readonly bounds: BoundSettings;
  readonly seed: number;
  readonly random: () => number;
  /** Takes what is wrong with the strategy, once. */
  readonly warn: (message: string) => void;
  /** Takes a key of strict affinity that had to leave its backend, as the hash of the key. */
  readonly moved: (hash: number, from: Member, to: Member) => void;
  /** Which members the request at hand may go to. */
  readonly view: View;
}

/**
 * The one place where a backend is chosen. {@link Chooser.choose} reads only, and leaves the decision in the
 * fields, from which `explain` reports it. {@link Chooser.commit} carries it out. So a dry run decides
 * exactly as a real request would.
 */
export class Chooser {
  /** The chosen backend; `undefined` if no backend may serve the request. */
  picked: Member | undefined = undefined;
  /** The backend that owns the key; `undefined` without a key or without a keyed strategy. */
  owner: Member | undefined = undefined;
  /**
   * Whether the request spills over: it goes to another backend because the owner of its key is at its limit.
   */
  spilled = false;
  /** Whether a session determined the backend, instead of the strategy. */
  sticky = false;
  /** The strategy's pick where it may not serve, and another backend is chosen in its place. */
  overruled: Backend | undefined = undefined;
  /** Whether the request is a trial of a backend that is not trusted. */
  isTrial = false;
  /** 32-bit hash of the key; a random number for a request without one. */
  position = 0;
  /** Home of the session that was placed, if it is in service; `undefined` if none was. */
  home: Member | undefined = undefined;
  /** The key as one that has leases; `undefined` if it has none, or if affinity is not strict. */
  held: HeldKey | undefined = undefined;
  readonly strategy: Strategy;
  readonly bounds: BoundSettings;
  readonly seed: number;
  /** Owners of keys and the bound on keys; `undefined` if that bound is off. */
  places: KeyPlaces | undefined = undefined;
  /** The members to choose from. */
  readonly tier: Tier<Member>;
  readonly #keyed: KeyedStrategy | undefined;
  /** The position of a key on the ring of another load balancer; `undefined` with our own hash. */
  readonly #positionIn: ((key: string) => number) | undefined;
  readonly #pool: Pool;
  readonly #random: () => number;
  readonly #warn: (message: string) => void;
  readonly #hasher = new KeyHasher();
  readonly #bounded: boolean;
  /** `undefined` unless affinity is strict. */
  readonly #heldKeys: HeldKeys | undefined;
  readonly #moved: (hash: number, from: Member, to: Member) => void;
  #ring: KeyedStrategy | undefined = undefined;
  /** Whether tables were left as they are. */
  #isDue = false;
  /** The number of the change of the pool that tables have the members of. */
  tablesOf = 0;
  /** The number of the last change that was seen at once. */
  #updated = 0;
  /** The backend that a key of strict affinity has to leave. */
  #left: Member | undefined = undefined;
  readonly #view: View;
  /** Eligible weight of the members that were tried, which is subtracted from the sums. */
  #triedWeight = 0;
  /**
   * Replaces the hash for a request without a key. Drawn in advance, so that a dry run and the request that
   * follows see the same number.
   */
  #chance: number;
  #hasKey = false;

  constructor(pool: Pool, tier: Tier<Member>, options: ChooserOptions) {
    const { strategy, bounds, seed, random, view, warn, moved } = options;
    this.tier = tier;
    this.strategy = strategy;
    this.bounds = bounds;
    this.seed = seed;
    this.#pool = pool;
    this.#view = view;
    this.#random = random;
    this.#warn = warn;
    this.#moved = moved;
    this.#chance = drawNumber(random);
    this.#keyed = isKeyedStrategy(strategy) ? strategy : undefined;
    this.#positionIn = this.#keyed?.position?.bind(this.#keyed);
    this.#bounded = this.#keyed !== undefined && bounds.factor !== Number.POSITIVE_INFINITY;
    this.#heldKeys = this.#keyed !== undefined && bounds.strict ? new HeldKeys() : undefined;
  }

  /** Whether the key of the last choice was remembered. */
  get remembered(): boolean {
    return this.owner !== undefined && (this.places?.known === true || this.held !== undefined);
  }

  /** Whether affinity is strict: a key stays where it is while its backend may serve. */
  get isStrict(): boolean {
    return this.#heldKeys !== undefined;
  }

  /**
   * Called after members or weights changed: updates the strategy and the owners of keys.
   * @param inSlices - whether large tables are left as they are for {@link Chooser.catchUp}
   */
  membersChanged(inSlices: boolean): void {
    this.#isDue = false;
    for (const strategy of this.#tables) {
      if (inSlices && strategy.prepare !== undefined) this.#isDue = true;
      else strategy.update(this.#weighted);
    }
    if (!this.#isDue) this.tablesOf = this.#updated = this.#pool.change;
    if (this.#keyed !== undefined && this.#bounded) this.#sizeMemory(this.#keyed);
  }

  /** Brings tables up to date that were left as they are, until members change that must be seen at once. */
  *catchUp(): Steps {
    if (!this.#isDue) return;
    const { change } = this.#pool;
    const weighted = this.#weighted;
    const updated = this.#updated;
    const isVoid = () => this.#updated !== updated;
    for (const strategy of this.#tables) {
      const steps = strategy.prepare?.(weighted);
      while (!isVoid() && steps?.next().done === false) yield;
      if (isVoid()) return;
      strategy.update(weighted);
    }
    if (this.#pool.change === change) this.#isDue = false;
    this.tablesOf = change;
    this.places?.membersChanged(0);
  }

  /** Forgets members that have left. */
  *forget(left: readonly Member[]): Steps {
    this.#heldKeys?.forgetBackends(left.map(({ slot }) => slot));
    if (this.places !== undefined) yield* this.places.forget(left);
  }

  get #weighted(): Member[] {
    return this.tier.members.filter((member) => member.weight > 0);
  }

  /** The strategies whose tables have the members. */
  get #tables(): readonly Strategy[] {
    return this.#ring === undefined ? [this.strategy] : [this.strategy, this.#ring];
  }

  /** Fits the memory of keys to the size of the pool; drops it if it is too small for the bound on keys. */
  #sizeMemory(strategy: KeyedStrategy): void {
    const { members } = this.tier;
    const capacity = memorySize(this.bounds, members.length);
    if (capacity === 0) {
      if (this.places !== undefined) for (const member of members) member.keys = 0;
      this.places = undefined;
      return;
    }
    const rules = this.#heldKeys === undefined ? undefined : this.#strictRules;
    this.places ??= new KeyPlaces(capacity, this.bounds.factor, strategy, this.#pool, this.tier, rules);
    this.places.membersChanged(capacity);
  }

  /** The position of a key: where the ring of another load balancer has it, or else its hash. */
  positionOf(key: string): number {
    return this.#positionIn === undefined ? hashKey(key, this.seed) : this.#positionIn(key);
  }

  /** Hashes a key twice; leaves the results in the hasher. */
  #read(key: string): void {
    this.#hasher.read(key, this.seed);
    if (this.#positionIn !== undefined) this.#hasher.position = this.#positionIn(key);
  }

  /**
   * Chooses the backend for the request that the view was set for. O(1) for the default strategy.
   * @param key - `undefined` for a request without one
   */
  choose(key: string | undefined): void {
    this.#weighTried();
    this.sticky = false;
    this.overruled = undefined;
    this.#hasKey = this.#keyed !== undefined && key !== undefined;
    this.held = undefined;
    if (this.#heldKeys !== undefined && this.#hasKey) {
      this.#chooseStrictly(key as string, this.#heldKeys);
      return;
    }
    this.owner = this.#hasKey ? this.#ownerOf(key as string) : undefined;
    if (!this.#hasKey) this.position = this.#chance;
    const view = this.#view;
    const { owner } = this;
    const away = view.mayTry ? this.#triedHome() : undefined;
    if (away !== undefined) this.picked = away;
    else if (owner !== undefined && this.#mayServe(owner)) this.picked = owner;
    else this.picked = this.#verified(this.position, this.#mayServe);
    this.isTrial = view.mayTry && this.picked !== undefined && view.isTrial(this.picked);
    this.spilled =
      owner !== undefined &&
      this.picked !== owner &&
      !this.isTrial &&
      (owner.reasons & view.mask) === 0 &&
      !view.tried.includes(owner);
  }

  /** Chooses the backend of a session, without regard to strategy and bounds. */
  stickTo(member: Member): void {
    this.home = undefined;
    this.#stick(member);
    this.isTrial = this.#view.isTrial(member);
  }

  /**
   * Chooses the backend of a session that is on none yet: its home, which is a pure function of its key and
   * of the members, without regard to the bounds. If the home may not have it, the next one on the ring.
   * @param keeps - whether a member may have sessions
   */
  placeSession(key: string, keeps: (member: Member) => boolean): void {
    const ring = this.#keyed ?? this.#sessionRing();
    const position = this.positionOf(key);
    const home = ring.home(position) as Member | undefined;
    this.home = home === undefined || this.#isOut(home) ? undefined : home;
    const may = (member: Member) => this.#view.admits(member);
    const other = () =>
      (ring.pick(position, may as Eligible) as Member | undefined) ?? this.#newcomer(position, may);
    this.#stick(home !== undefined && keeps(home) ? home : other());
    this.position = position;
    this.isTrial = this.picked !== undefined && this.#view.isTrial(this.picked);
  }

  /** The homes of sessions under a strategy without keys. Built with the first session. */
  #sessionRing(): KeyedStrategy {
    if (this.#ring === undefined) {
      this.#ring = consistentHash()({ clock: { now: () => 0 }, random: this.#random }) as KeyedStrategy;
      this.#ring.update(this.#weighted);
    }
    return this.#ring;
  }

  #stick(member: Member | undefined): void {
    this.#weighTried();
    this.sticky = true;
    this.overruled = undefined;
    this.picked = member;
    this.owner = undefined;
    this.held = undefined;
    this.spilled = false;
    this.#hasKey = false;
  }

  /**
   * Carries out the last choice, which must have picked a backend.
   * @returns the key that the lease is to hold on its backend; `undefined` if affinity is not strict
   */
  commit(): HeldKey | undefined {
    if (this.overruled !== undefined) this.#tellOverruled();
    if (!this.#hasKey) this.#chance = drawNumber(this.#random);
    else if (this.owner !== undefined) {
      if (this.spilled) this.owner.spills++;
      if (this.#heldKeys !== undefined) return this.#hold(this.owner, this.#heldKeys);
      this.places?.commit();
    }
    return undefined;
  }

  /**
   * How firmly a key has its place in this tier, for strict affinity: 2 if it has leases on a backend that
   * may serve, 1 if it is remembered on one, else 0.
   */
  holdOn(key: string): 0 | 1 | 2 {
    if (this.#heldKeys === undefined) return 0;
    this.#read(key);
    const { position, fingerprint } = this.#hasher;
    const held = this.#heldKeys.find(position, fingerprint);
    if (held !== undefined && this.#stays(held)) return 2;
    this.places?.find(position, fingerprint);
    const { known, before } = this.places ?? {};
    return known === true && before !== undefined && this.#admits(before) ? 1 : 0;
  }

  /**
   * Strict affinity: a key goes to its backend as long as that may serve, whatever it has in flight. A new
   * key is placed by both bounds. Without a memory of keys it goes to its home. Only the first request of a
   * key may be a trial.
   */
  #chooseStrictly(key: string, heldKeys: HeldKeys): void {
    const { places } = this;
    this.#read(key);
    const { position, fingerprint } = this.#hasher;
    const held = heldKeys.find(position, fingerprint);
    this.position = position;
    this.held = held;
    let before = held?.owner;
    const stays = held !== undefined && this.#stays(held);
    if (stays) {
      places?.findHeld(held);
      this.owner = held.owner;
    } else if (places !== undefined) {
      places.find(position, fingerprint);
      this.owner = places.owner;
      before ??= places.before;
    } else this.owner = (this.#keyed as KeyedStrategy).home(position) as Member | undefined;
    const { owner } = this;
    const away = this.#view.mayTry && before === undefined ? this.#triedHome() : undefined;
    this.isTrial = away !== undefined;
    if (away !== undefined) this.picked = away;
    else if (owner !== undefined && this.#admits(owner)) this.picked = owner;
    else this.picked = this.#verified(position, this.#mayServeStrictly);
    // Without a memory, a home that may not serve loses the key for as long as it has leases elsewhere.
    if (places === undefined && !stays && owner !== undefined && !this.#isBusy(owner))
      this.owner = this.picked;
    this.spilled =
      owner !== undefined && this.picked !== owner && this.owner === owner && this.#isBusy(owner);
    this.#left = before !== undefined && before !== this.owner && this.#isOut(before) ? before : undefined;
  }

  /** Counts the lease as one of its key, which it holds on its backend. */
  #hold(owner: Member, heldKeys: HeldKeys): HeldKey {
    const { held = heldKeys.add(this.position, this.#hasher.fingerprint, owner) } = this;
    this.places?.commit(held);
    held.owner = owner;
    held.leases++;
    if (this.#left !== undefined) this.#moved(this.position >>> 0, this.#left, owner);
    return held;
  }

  /**
   * Whether a key with leases stays on its backend: unless that has left, or is barred by more than its
   * limit. A key whose only lease is the attempt before this one goes along with the retry.
   */
  #stays({ owner, leases }: HeldKey): boolean {
    return !this.#isOut(owner) && (leases > 1 || !this.#view.tried.includes(owner));
  }

  /** Whether a backend has left, or may not serve for another reason than its limit. */
  #isOut({ present, reasons }: Member): boolean {
    return !present || (reasons & this.#view.mask & ~this.#pool.busyMask) !== 0;
  }

  /** Whether only its limit bars a member. */
  readonly #isBusy = (member: Member): boolean =>
    !this.#isOut(member) && (member.reasons & this.#view.mask) !== 0 && !this.#view.tried.includes(member);

  /** Whether a member may get the request, whatever it has in flight; never as a trial. */
  readonly #admits = (member: Member): boolean =>
    member.present && (member.reasons & this.#view.mask) === 0 && !this.#view.tried.includes(member);

  /**
   * How many requests a member may have in flight when one more is sent; `Infinity` if they are not bounded.
   */
  flightLimitOf(member: Member): number {
    if (!this.#bounded) return Number.POSITIVE_INFINITY;
    const share = shareOf(member, this.#eligibleWeight());
    const limit = flightLimit(this.tier.inFlight, share, this.bounds.factor, this.bounds.z);
    return Math.max(limit, member.concurrency ?? this.bounds.concurrency);
  }

  /**
   * The strategy's pick. A custom strategy may ignore `eligible`, or return a foreign object: then the first
   * eligible is chosen.
   */
  #verified(position: number, mayServe: (member: Member) => boolean): Member | undefined {
    const picked = this.strategy.pick(position, mayServe as Eligible);
    if (picked === undefined || picked === null) return this.#newcomer(position, mayServe);
    const member = picked as Member;
    if (this.#pool.bySlot[member.slot] === member && member.tier === this.tier && mayServe(member))
      return member;
    this.overruled = picked;
    return this.tier.members.find((other) => other.weight > 0 && mayServe(other));
  }

  /** While tables have none of the members that may serve: one that they do not have yet. */
  #newcomer(position: number, mayServe: (member: Member) => boolean): Member | undefined {
    if (!this.#isDue) return undefined;
    const { members } = this.tier;
    for (let i = 0; i < members.length; i++) {
      const member = members[((position >>> 0) + i) % members.length] as Member;
      if (member.weight > 0 && mayServe(member)) return member;
    }
    return undefined;
  }

  #tellOverruled(): void {
    this.#warn(
      `strategy ${this.strategy.name} must pick a backend for which eligible returns true; another one was taken`,
    );
  }

  #ownerOf(key: string): Member | undefined {
    if (this.places === undefined) {
      this.position = this.positionOf(key);
      return (this.#keyed as KeyedStrategy).home(this.position) as Member | undefined;
    }
    this.#read(key);
    this.position = this.#hasher.position;
    this.places.find(this.position, this.#hasher.fingerprint);
    return this.places.owner;
  }

  /**
   * The backend where a remembered key belongs, if it is not trusted and may be tried: a key that comes home
   * as a trial finds its cache, if the alarm was a false one.
   */
  #triedHome(): Member | undefined {
    if (!this.#hasKey) return undefined;
    const home = this.places === undefined && this.isStrict ? this.owner : this.places?.origin;
    return home !== undefined && this.#view.isTrial(home) && this.#mayServe(home) ? home : undefined;
  }

  #weighTried(): void {
    const { tried, mask } = this.#view;
    if (tried.length === 0) return;
    this.#triedWeight = 0;
    for (const member of new Set(tried as readonly Member[])) {
      if (member.present && member.tier === this.tier && (member.reasons & mask) === 0)
        this.#triedWeight += member.weight;
    }
  }

  /** Weight of the members among which this request is placed. */
  #eligibleWeight(): number {
    const { tried, trust } = this.#view;
    if (tried.length === 0) return this.tier.eligibleWeight;
    return this.tier.eligibleWeightIn(trust) - this.#triedWeight;
  }

  readonly #mayServe = (member: Member): boolean =>
    this.#view.admits(member) && (!this.#bounded || this.#hasRoom(member));

  readonly #mayServeStrictly = (member: Member): boolean =>
    this.#admits(member) && (!this.#bounded || this.#hasRoom(member));

  readonly #strictRules: StrictRules = {
    admits: (member) => this.#admits(member),
    isBusy: (member) => this.#isBusy(member),
    hasRoom: (member) => this.#hasRoom(member),
  };

  /** Whether a member is below its limit on requests in flight. */
  #hasRoom(member: Member): boolean {
    const { inFlight } = member;
    // The limit is at least the concurrency and at least factor times the fair share. Mostly these two checks
    // decide, without computing it.
    if (inFlight < (member.concurrency ?? this.bounds.concurrency)) return true;
    const { inFlight: total } = this.tier;
    const { tried, trust } = this.#view;
    const weight = tried.length === 0 ? this.tier.eligibleWeight : this.tier.eligibleWeightIn(trust);
    if ((inFlight + 1) * weight <= this.bounds.factor * (total + 1) * member.weight) return true;
    return inFlight < this.flightLimitOf(member);
  }
}
