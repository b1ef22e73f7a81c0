// The bounds of consistent hashing with bounded loads: how many keys and how many requests in flight a
// backend may have. And `KeyPlaces`, which decides by the bound on keys which backend owns a key.

import type { Steps } from '../steps.ts';
import type { KeyedStrategy } from '../strategies/strategy.ts';
import type { HeldKey } from './held-keys.ts';
import { KeyMemory, LEAST_GROWING, NO_SLOT } from './key-memory.ts';
import { LEFT, type Member } from './member.ts';
import type { Placement } from './placement.ts';
import type { Pool } from './pool.ts';
import type { Tier } from './tier.ts';

/** Settings of the two load bounds. */
export interface Bounds {
  /**
   * How many times its fair share a backend may have, at least 1; `Infinity` turns both bounds off.
   * @defaultValue 1.25
   */
  readonly factor?: number;
  /**
   * How many square roots of the fair share the bound on requests in flight adds, to absorb random variation;
   * 0 adds nothing.
   * @defaultValue 1
   */
  readonly z?: number;
  /**
   * How many keys are remembered, from 0 to 1,048,576; rounded up to a power of two. 0 turns the bound on
   * keys off. It is off by itself if there are fewer than 64 remembered keys for each backend: random
   * variation is then larger than the slack that the bound leaves.
   * @defaultValue 128 for each backend, rounded up to a power of two from 8,192 (128 KB) to 1,048,576 (16 MB)
   */
  readonly rememberedKeys?: number;
  /**
   * How many requests each backend can work on at once for this balancer, an integer from 1 to 1,000,000:
   * with fewer in flight a backend is never at its limit. An entry of the pool may have its own.
   * @defaultValue 1
   */
  readonly concurrency?: number;
  /**
   * How many balancers share the backends, such as the workers of one server, an integer from 1 to
   * 1,000,000. What a backend reports that it can work on at once is divided by it, to 1 at the least;
   * `concurrency`, and that of entries, are not.
   * @defaultValue 1
   */
  readonly sharedBy?: number;
  /**
   * Whether a key that has a place stays there while its backend may serve, however many requests that has in
   * flight: both bounds then hold for the placing of new keys only. Keys with leases are never forgotten; a
   * key whose home moved goes there when its last lease has ended. For clients whose backend keeps state,
   * such as the sockets of a room. Strategies without keys ignore it.
   * @defaultValue true for the strategy `ip-hash`, else false
   */
  readonly strict?: boolean;
}

/** {@link Bounds} with the defaults filled in. */
export interface BoundSettings {
  readonly factor: number;
  readonly z: number;
  /** `undefined` if the memory follows the size of the pool. */
  readonly rememberedKeys: number | undefined;
  readonly concurrency: number;
  readonly sharedBy: number;
  readonly strict: boolean;
}

/** What strict affinity adds to the placing of keys; each is asked about the request at hand. */
export interface StrictRules {
  /** Whether a member may get the request, whatever it has in flight. */
  readonly admits: (member: Member) => boolean;
  /** Whether a member would be admitted if it were not at its limit. Then its keys wait for it. */
  readonly isBusy: (member: Member) => boolean;
  /** Whether it is below its limit on requests in flight. */
  readonly hasRoom: (member: Member) => boolean;
}

const KEYS_PER_BACKEND = 128;
const LEAST_KEYS_PER_BACKEND = 64;
const MOST_KEYS = 2 ** 20;
/** Up to so many keys a backend, every placement is told, else those away from home. */
const FEW_KEYS_PER_BACKEND = 32;
/** In larger pools the bound on keys adds the square root of the fair share. */
const SMALL_POOL = 64;

/** How many keys to remember for a pool of some size; 0 if the bound on keys is off. */
export function memorySize({ rememberedKeys }: BoundSettings, backends: number): number {
  const wanted = rememberedKeys ?? Math.max(LEAST_GROWING, KEYS_PER_BACKEND * backends);
  if (wanted === 0) return 0;
  const capacity = Math.min(MOST_KEYS, 2 ** Math.ceil(Math.log2(Math.max(4, wanted))));
  return capacity < LEAST_KEYS_PER_BACKEND * backends ? 0 : capacity;
}

/** Rounding tolerance: a sum that exceeds an integer by less is that integer. */
const EPSILON = 1e-9;

/**
 * How many keys a backend may own when one more key is placed: `max(ceil(f), floor(c * f))` with
 * `f = (m + 1) * w / W`, where m keys are remembered; in pools of more than 64 backends
 * `max(ceil(f), floor(c * f + sqrt(f)))`, as the most loaded of many backends is further above the mean. The
 * limits of all backends add up to at least m + 1, so at least one backend always has room.
 *
 * @see Mirrokni, Thorup and Zadimoghaddam, Consistent Hashing with Bounded Loads, arXiv:1608.01350
 */
function keyLimit(keys: number, weightShare: number, factor: number, root: number): number {
  const fair = (keys + 1) * weightShare;
  return Math.max(Math.ceil(fair - EPSILON), Math.floor(factor * fair + root * Math.sqrt(fair) + EPSILON));
}

/**
 * How many requests a backend may have in flight when one more is sent: `ceil(c * g + z * sqrt(g))` with
 * `g = (t + 1) * w / W`, where t requests are in flight; at least 1. The square root absorbs random
 * variation. It dominates while few requests are in flight and becomes negligible as load grows. A backend
 * that can work on more at once has its `concurrency` as the least limit.
 */
export function flightLimit(inFlight: number, weightShare: number, factor: number, z: number): number {
  const fair = (inFlight + 1) * weightShare;
  return Math.max(1, Math.ceil(factor * fair + z * Math.sqrt(fair) - EPSILON));
}

/**
 * A member's share of the eligible weight, from 0 to 1; 1 if there is none, which rounding may show as less
 * than 0.
 */
export function shareOf({ weight }: Member, eligibleWeight: number): number {
  return weight === 0 ? 0 : Math.min(1, weight / Math.max(0, eligibleWeight));
}

/**
 * Decides which backend owns a key, with these roles:
 * - home: the backend that the strategy assigns the key to;
 * - owner: the backend that the key's requests go to. Another one than the home if the home was full or could
 *   not serve;
 * - origin: the backend that the key returns to as soon as that one is eligible again and has room;
 * - leaving: the backend that loses a key by the decision;
 * - epoch: the number of the membership. A key placed in an older epoch is checked when it is seen again.
 *
 * {@link KeyPlaces.find} reads only, and leaves the decision in the fields. {@link KeyPlaces.commit} carries
 * it out. The state machine is drawn in docs/architecture.md.
 */
export class KeyPlaces implements Placement {
  /** The backend that owns the key; `undefined` if no backend is eligible. */
  owner: Member | undefined = undefined;
  /** Whether the key was remembered. */
  known = false;
  /** The backend that owned a known key before this decision. */
  before: Member | undefined = undefined;
  readonly #memory: KeyMemory;
  /** 1 if the bound on keys adds the square root of the fair share, else 0. */
  #root = 0;
  readonly #strategy: KeyedStrategy;
  readonly #pool: Pool;
  readonly tier: Tier<Member>;
  readonly #factor: number;
  /** `undefined` unless affinity is strict. */
  readonly #strict: StrictRules | undefined;
  /** Number of the current membership, 16 bits. */
  #epoch = 0;
  // The last decision of `find`, for `commit`.
  position = 0;
  fingerprint = 0;
  #entry = -1;
  #home = NO_SLOT;
  #origin = NO_SLOT;
  /** The epoch in which the home of the key was checked. */
  #checked = 0;
  /** Remembered keys, without the one that is placed or overwritten. */
  #keys = 0;
  /** Slot of the backend that loses a key: the owner so far, or the owner of the key that is overwritten. */
  #leaving = NO_SLOT;
  /** How many remembered keys are of backends that have left. */
  #stale = 0;

  /** @param capacity - how many keys to remember: a power of two, at least 4 */
  constructor(
    capacity: number,
    factor: number,
    strategy: KeyedStrategy,
    pool: Pool,
    tier: Tier<Member>,
    strict?: StrictRules,
  ) {
    this.#memory = new KeyMemory(capacity);
    this.#factor = factor;
    this.#strict = strict;
    this.#strategy = strategy;
    this.#pool = pool;
    this.tier = tier;
  }

  /** The backend that the key goes back to; `undefined` if it is where it belongs. */
  get origin(): Member | undefined {
    return this.#origin === NO_SLOT ? undefined : this.#pool.bySlot[this.#origin];
  }

  get isAtHome(): boolean {
    return this.owner?.slot === this.#home;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#memory.size - this.#stale;
  }

  /** How many keys a member may own when one more is placed. */
  limitOf(member: Member): number {
    return keyLimit(this.#keys, shareOf(member, this.tier.eligibleWeight), this.#factor, this.#root);
  }

  /**
   * Called after members, weights or homes changed: begins a new epoch.
   * @param capacity - how many keys to remember from now on; the memory grows, and never shrinks
   */
  membersChanged(capacity: number): void {
    if (capacity > this.#memory.capacity) this.#memory.grow(capacity);
    this.#root = this.tier.members.length > SMALL_POOL ? 1 : 0;
    this.#epoch = (this.#epoch + 1) & 0xffff;
  }

  /** Called when a member has left: its keys count no more, and are forgotten when they are seen. */
  left(member: Member): void {
    this.#stale += member.keys;
  }

  /** Forgets members that have left, so that their slots may be given to others. */
  forget(left: readonly Member[]): Steps {
    const slots = left.map(({ slot }) => slot);
    return this.#memory.forgetBackends(slots, (keys) => (this.#stale -= keys));
  }

  /** As {@link KeyMemory.find}, where a key of a backend that has left counts as not remembered. */
  #find(position: number, fingerprint: number): number {
    const entry = this.#memory.find(position, fingerprint);
    return entry >= 0 && this.#hasLeft(this.#memory.owner(entry)) ? ~entry : entry;
  }

  #hasLeft(slot: number): boolean {
    return ((this.#pool.bySlot[slot] as Member).reasons & LEFT) !== 0;
  }

  /** A slot, if its backend has not left. */
  #present(slot: number): number {
    return slot === NO_SLOT || this.#hasLeft(slot) ? NO_SLOT : slot;
  }

  /** Remembered keys without one of a backend; stale ones do not count anyway. */
  #countWithout(leaving: number): number {
    return this.#present(leaving) === NO_SLOT ? this.size : this.size - 1;
  }

  /** Takes a key from a backend. */
  #drop(slot: number): void {
    const member = this.#pool.bySlot[slot] as Member;
    if ((member.reasons & LEFT) === 0) member.keys--;
    else this.#stale--;
  }

  /**
   * Decides which backend owns a key, without changing anything.
   * @param position - hash of the key, its position on the ring
   * @param fingerprint - a second hash, to tell keys apart that share a position
   */
  find(position: number, fingerprint: number): void {
    const entry = this.#find(position, fingerprint);
    this.known = entry >= 0;
    this.before = undefined;
    this.position = position;
    this.fingerprint = fingerprint;
    this.#checked = this.#epoch;
    if (entry >= 0) this.#findKnown(entry, position);
    else this.#findNew(~entry, position);
  }

  /**
   * Decides that a key with leases stays on its backend. Where the memory has forgotten the key, it learns it
   * again.
   */
  findHeld({ position, fingerprint, owner, home, origin, epoch }: HeldKey): void {
    const memory = this.#memory;
    const entry = this.#find(position, fingerprint);
    const isKnown = entry >= 0;
    this.known = true;
    this.before = owner;
    this.owner = owner;
    this.position = position;
    this.fingerprint = fingerprint;
    this.#entry = isKnown ? entry : ~entry;
    this.#leaving = memory.owner(this.#entry);
    this.#keys = this.#countWithout(this.#leaving);
    this.#home = home;
    this.#origin = origin;
    // The home is checked when the last lease has ended.
    this.#checked = epoch;
  }

  /**
   * Carries out the last decision of {@link KeyPlaces.find}, which must have found an owner.
   * @param held - the key, if it has leases
   */
  commit(held?: HeldKey): void {
    const owner = this.owner as Member;
    if (this.#leaving !== owner.slot) {
      if (this.#leaving !== NO_SLOT) this.#drop(this.#leaving);
      owner.keys++;
    }
    this.#memory.write(
      this.#entry,
      this.position,
      this.fingerprint,
      owner.slot,
      this.#home,
      this.#origin,
      this.#checked,
    );
    if (held !== undefined) {
      held.home = this.#home;
      held.origin = this.#origin;
      held.epoch = this.#checked;
    }
    const { placed } = this.#pool;
    if (placed !== undefined && (owner.slot !== this.#home || this.#areFew)) placed(this);
  }

  /** Whether so few keys are known that the order in which they came decides where many of them are. */
  get #areFew(): boolean {
    return this.size <= FEW_KEYS_PER_BACKEND * this.tier.members.length;
  }

  /**
   * Puts a key where another balancer has placed it. It stays there by the same rules as one placed here.
   * @returns whether it is there now
   * @param origin - the backend that it is away from; then only while that one cannot serve here
   */
  adopt(position: number, fingerprint: number, owner: Member, origin: Member | undefined): boolean {
    const memory = this.#memory;
    const found = this.#find(position, fingerprint);
    const entry = found < 0 ? ~found : found;
    const leaving = memory.owner(entry);
    const away = found < 0 ? NO_SLOT : this.#present(memory.origin(entry));
    if (origin !== undefined) {
      if (!this.#admits(owner)) return false;
      if (found >= 0 && leaving === owner.slot) return true;
      const isAtOrigin = found < 0 || (away === NO_SLOT && leaving === origin.slot);
      if (away !== origin.slot && (!isAtOrigin || this.#admits(origin))) return false;
    } else if (found >= 0) {
      if (leaving === owner.slot && away === NO_SLOT) return true;
      // It comes back from where it is when its place can serve again.
      if (away === owner.slot && (!this.#admits(owner) || owner.scale < 1)) return false;
    }
    if (leaving !== owner.slot) {
      if (leaving !== NO_SLOT) this.#drop(leaving);
      owner.keys++;
    }
    const home = (this.#strategy.home(position) as Member | undefined)?.slot ?? NO_SLOT;
    memory.write(entry, position, fingerprint, owner.slot, home, origin?.slot ?? NO_SLOT, this.#epoch);
    return true;
  }

  /**
   * For a key that is not remembered. It gets a free entry of its set, or overwrites the least recently seen
   * one.
   */
  #findNew(entry: number, position: number): void {
    this.#entry = entry;
    this.#origin = NO_SLOT;
    // The overwritten key no longer counts for its owner.
    this.#leaving = this.#memory.owner(entry);
    this.#keys = this.#countWithout(this.#leaving);
    const home = this.#strategy.home(position) as Member | undefined;
    const id = this.#pool.recall?.(position, this.fingerprint, this.tier);
    const place = id === undefined ? undefined : this.#pool.get(id);
    if (place?.tier !== this.tier) {
      this.#place(position, home);
      return;
    }
    this.#home = home?.slot ?? NO_SLOT;
    if (this.#admits(place)) this.owner = place;
    else this.#relocate(position, place);
  }

  /**
   * For a remembered key. It stays on its owner, unless the owner is not eligible, the home moved or the
   * origin is back.
   */
  #findKnown(entry: number, position: number): void {
    const memory = this.#memory;
    const pool = this.#pool;
    const owner = pool.bySlot[memory.owner(entry)] as Member;
    const originSlot = this.#present(memory.origin(entry));
    // NO_SLOT lies past the end of the array, and reading there would deoptimise this code.
    const origin = originSlot === NO_SLOT ? undefined : pool.bySlot[originSlot];
    this.#entry = entry;
    this.#home = this.#present(memory.home(entry));
    this.#origin = originSlot;
    this.#keys = this.size - 1;
    this.#leaving = owner.slot;
    this.before = owner;
    // The origin has fewer ring points while it ramps up. Wait for it, so that the key moves only once.
    const isStarting = origin !== undefined && origin.scale < 1;
    if (memory.epoch(entry) !== this.#epoch) {
      const home = this.#strategy.home(position) as Member | undefined;
      const satAtHome = owner.slot === this.#home || this.#origin === this.#home;
      const waits = isStarting && this.#origin === this.#home;
      if (home !== undefined && home.slot !== this.#home && this.#home !== NO_SLOT && satAtHome && !waits) {
        if (this.#strict === undefined || this.#hasRoom(home)) {
          this.#origin = NO_SLOT;
          this.#place(position, home);
          return;
        }
        // Strict affinity moves a key home, but not elsewhere: it is checked again until the home has room.
        this.#checked = memory.epoch(entry);
      } else if (!waits) this.#home = home?.slot ?? NO_SLOT;
    }
    const mayReturn = !isStarting || this.#strategy.home(position) === origin;
    if (origin !== undefined && mayReturn && this.#admits(origin)) {
      const returns = this.#hasRoom(origin);
      if (returns) this.#origin = NO_SLOT;
      this.owner = returns ? origin : owner;
      if (this.#admits(this.owner)) return;
    }
    if (this.#admits(owner) || this.#strict?.isBusy(owner) === true) this.owner = owner;
    else this.#relocate(position, owner);
  }

  /** Decides on an owner for a key without one: its home if that has room, else another backend. */
  #place(position: number, home: Member | undefined): void {
    this.#home = home?.slot ?? NO_SLOT;
    if (home === undefined) this.owner = undefined;
    // A starting home reaches its limit early, as its weight is scaled down. The key goes home as soon as
    // there is room.
    else if (!this.#admits(home) || (home.scale < 1 && !this.#hasRoom(home))) this.#relocate(position, home);
    else this.owner = this.#hasRoom(home) ? home : this.#pick(position);
  }

  /** Decides on a temporary owner, until the backend `away` is eligible again and has room. */
  #relocate(position: number, away: Member): void {
    if (this.#origin === NO_SLOT) this.#origin = away.slot;
    this.owner = this.#pick(position);
  }

  #pick(position: number): Member | undefined {
    const first = (may: (member: Member) => boolean) =>
      this.#strategy.pick(position, may as (backend: unknown) => boolean) as Member | undefined;
    const picked = first(this.#hasRoom);
    if (picked !== undefined || this.#strict === undefined) return picked;
    // Each bound leaves room somewhere, but perhaps not both at the same backend.
    const { admits, hasRoom } = this.#strict;
    return first((member) => admits(member) && hasRoom(member)) ?? first(admits);
  }

  #admits(member: Member): boolean {
    return this.#strict === undefined ? this.#pool.isEligible(member) : this.#strict.admits(member);
  }

  readonly #hasRoom = (member: Member): boolean => {
    if (!this.#admits(member)) return false;
    if (this.#strict !== undefined && !this.#strict.hasRoom(member)) return false;
    const keys = member.slot === this.#leaving ? member.keys - 1 : member.keys;
    // The same as `keys < keyLimit(...)`, without the rounding.
    const fair = (this.#keys + 1) * (member.weight / this.tier.eligibleWeight);
    const slack = this.#root === 0 ? 0 : Math.sqrt(fair);
    return keys + 1 <= this.#factor * fair + slack + EPSILON || keys < fair - EPSILON;
  };
}
