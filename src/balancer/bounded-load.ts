import type { KeyedStrategy } from '../strategies/strategy.ts';
import { KeyMemory, NO_SLOT } from './key-memory.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';
import type { Tier } from './tier.ts';

/** Settings of the two load bounds. */
export interface Bounds {
  /** How far above its fair share a backend may go, at least 1; `Infinity` turns both bounds off. @defaultValue 1.25 */
  readonly factor?: number;
  /** How many standard deviations of chance the bound on requests in flight allows on top; 0 is the strict bound. @defaultValue 1 */
  readonly z?: number;
  /**
   * How many keys to remember, from 0 to 1,048,576; rounded up to a power of two. 0 turns the bound on keys off.
   * @defaultValue 8,192, which takes about 150 KB
   */
  readonly rememberedKeys?: number;
}

/** Keeps sums of real numbers from being rounded up when they are whole but for the last bit. */
const EPSILON = 1e-9;

/**
 * How many keys a backend may have when one more is to be placed: `max(ceil(f), floor(c * f))` with `f = (m + 1) * w / W`.
 * Over all backends that is at least m + 1, so that somebody has room.
 *
 * @see Mirrokni, Thorup and Zadimoghaddam, Consistent Hashing with Bounded Loads, arXiv:1608.01350
 */
function keyLimit(keys: number, weightShare: number, factor: number): number {
  const fair = (keys + 1) * weightShare;
  return Math.max(Math.ceil(fair - EPSILON), Math.floor(factor * fair + EPSILON));
}

/**
 * How many requests a backend may have in flight when one more is to be sent: `ceil(c * g + z * sqrt(g))` with
 * `g = (t + 1) * w / W`; never less than 1. The root absorbs chance while little is in flight and fades as more is.
 */
export function flightLimit(inFlight: number, weightShare: number, factor: number, z: number): number {
  const fair = (inFlight + 1) * weightShare;
  return Math.max(1, Math.ceil(factor * fair + z * Math.sqrt(fair) - EPSILON));
}

/** A member's share, 0 to 1, of the weight that may serve: all of it where there is none, which rounding may have left below 0. */
export function shareOf({ weight }: Member, eligibleWeight: number): number {
  return weight === 0 ? 0 : Math.min(1, weight / Math.max(0, eligibleWeight));
}

/**
 * Decides on which backend a key lives. {@link KeyPlaces.look} only looks, and leaves its finding in the
 * fields; {@link KeyPlaces.settle} makes it true.
 */
export class KeyPlaces {
  /** Where the key lives; `undefined` where nobody may take it. */
  owner: Member | undefined = undefined;
  /** Whether the key was remembered. */
  known = false;
  readonly #memory: KeyMemory;
  readonly #strategy: KeyedStrategy;
  readonly #pool: Pool;
  readonly #tier: Tier<Member>;
  readonly #factor: number;
  /** Number of the current membership: what was placed under an older one is checked when it is seen again. */
  #ring = 0;
  // What the last look found, for settle.
  #entry = -1;
  #fingerprint = 0;
  #home = NO_SLOT;
  #origin = NO_SLOT;
  // What `hasRoom` goes by.
  #keys = 0;
  /** Slot of the backend that loses a key by this: where the key was, or the one that is forgotten for it. */
  #leaving = NO_SLOT;

  constructor(
    { rememberedKeys, factor }: Required<Bounds>,
    strategy: KeyedStrategy,
    pool: Pool,
    tier: Tier<Member>,
  ) {
    this.#memory = new KeyMemory(rememberedKeys);
    this.#factor = factor;
    this.#strategy = strategy;
    this.#pool = pool;
    this.#tier = tier;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#memory.size;
  }

  /** How many keys a member may have when one more is placed. */
  limitOf(member: Member): number {
    return keyLimit(this.#keys, shareOf(member, this.#tier.eligibleWeight), this.#factor);
  }

  /** Members or weights changed. */
  membersChanged(removed: readonly Member[]): void {
    this.#ring = (this.#ring + 1) & 0xffff;
    for (const { slot } of removed) this.#memory.forgetBackend(slot);
  }

  look(position: number, fingerprint: number): void {
    const memory = this.#memory;
    const entry = memory.find(position, fingerprint);
    this.known = entry >= 0;
    this.#fingerprint = fingerprint;
    if (entry >= 0) this.#lookAgain(entry, position);
    else this.#lookFirst(~entry, position);
  }

  /** Makes the last look's finding true. There must have been an owner. */
  settle(): void {
    const owner = this.owner as Member;
    if (this.#leaving !== owner.slot) {
      if (this.#leaving !== NO_SLOT) (this.#pool.bySlot[this.#leaving] as Member).keys--;
      owner.keys++;
    }
    this.#memory.write(this.#entry, this.#fingerprint, owner.slot, this.#home, this.#origin, this.#ring);
  }

  /** A new key takes the entry that its set can best spare, and a place of its own. */
  #lookFirst(entry: number, position: number): void {
    this.#entry = entry;
    this.#origin = NO_SLOT;
    // The key that is forgotten for this one gives its place back first.
    this.#leaving = this.#memory.owner(entry);
    this.#keys = this.#leaving === NO_SLOT ? this.#memory.size : this.#memory.size - 1;
    this.#place(position, this.#strategy.home(position) as Member | undefined);
  }

  /** A key seen before stays where it went, unless that place, or its home, is no longer what it was. */
  #lookAgain(entry: number, position: number): void {
    const memory = this.#memory;
    const pool = this.#pool;
    const owner = pool.bySlot[memory.owner(entry)] as Member;
    const originSlot = memory.origin(entry);
    // Not past the end of the array: that would be slow.
    const origin = originSlot === NO_SLOT ? undefined : pool.bySlot[originSlot];
    this.#entry = entry;
    this.#home = memory.home(entry);
    this.#origin = originSlot;
    this.#keys = memory.size - 1;
    this.#leaving = owner.slot;
    // Where it belongs has lost its point only until it has started: the key moves once, when the point is back.
    const isStarting = origin !== undefined && origin.scale < 1;
    if (memory.ring(entry) !== this.#ring) {
      const home = this.#strategy.home(position) as Member | undefined;
      const satAtHome = owner.slot === this.#home || this.#origin === this.#home;
      const waits = isStarting && this.#origin === this.#home;
      if (home !== undefined && home.slot !== this.#home && this.#home !== NO_SLOT && satAtHome && !waits) {
        this.#origin = NO_SLOT;
        this.#place(position, home);
        return;
      }
      if (!waits) this.#home = home?.slot ?? NO_SLOT;
    }
    const mayReturn = !isStarting || this.#strategy.home(position) === origin;
    if (origin !== undefined && mayReturn && pool.isEligible(origin)) {
      const returns = this.#hasRoom(origin);
      if (returns) this.#origin = NO_SLOT;
      this.owner = returns ? origin : owner;
      if (pool.isEligible(this.owner)) return;
    }
    if (pool.isEligible(owner)) this.owner = owner;
    else this.#lodge(position, owner);
  }

  /** Finds a place for a key whose home is known: there, if it has room. */
  #place(position: number, home: Member | undefined): void {
    this.#home = home?.slot ?? NO_SLOT;
    if (home === undefined) this.owner = undefined;
    // A home that is starting is full before its time: the key comes home when there is room.
    else if (!this.#pool.isEligible(home) || (home.scale < 1 && !this.#hasRoom(home)))
      this.#lodge(position, home);
    else this.owner = this.#hasRoom(home) ? home : this.#pick(position);
  }

  /** Finds a place for a key until the one where it belongs may serve again. */
  #lodge(position: number, away: Member): void {
    if (this.#origin === NO_SLOT) this.#origin = away.slot;
    this.owner = this.#pick(position);
  }

  #pick(position: number): Member | undefined {
    return this.#strategy.pick(position, this.#hasRoom as (backend: unknown) => boolean) as
      | Member
      | undefined;
  }

  readonly #hasRoom = (member: Member): boolean => {
    if (!this.#pool.isEligible(member)) return false;
    const keys = member.slot === this.#leaving ? member.keys - 1 : member.keys;
    // Below keyLimit, without rounding it first.
    const fair = (this.#keys + 1) * (member.weight / this.#tier.eligibleWeight);
    return keys + 1 <= this.#factor * fair + EPSILON || keys < fair - EPSILON;
  };
}
