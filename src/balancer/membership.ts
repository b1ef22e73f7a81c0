import type { BackendPoolEntry } from '../contracts.ts';
import { shown } from '../shown.ts';
import { atOnce, type Steps } from '../steps.ts';
import { type BackendSpec, readEntry, sameSpec } from './address.ts';
import type { Drains } from './drains.ts';
import type { BalancerEvent, Events } from './events.ts';
import { type ListedBackend, type Listings, type ListRules, listBackends } from './listing.ts';
import { DOWN, DRAINING, type Member } from './member.ts';
import { nearIdHint } from './near-id.ts';
import { ADMIN, CALLER, Origins } from './origins.ts';
import type { Pool } from './pool.ts';
import { PoolFollower, type RejectedEntry } from './pool-follower.ts';
import { type Subset, subsetOf } from './subset.ts';

/**
 * Determines the members of the pool: the backends that the caller's array, `replace` and `add` list, minus
 * those withheld by `remove`. A withheld backend comes back only after no origin listed it any more, or it
 * was listed with another address.
 */
export class Membership {
  readonly #pool: Pool;
  readonly #events: Events;
  readonly #origins = new Origins();
  /** `undefined` once `replace` has set what the caller lists. */
  #follower: PoolFollower | undefined;
  readonly #drains: Drains;
  readonly #subset: Subset | undefined;
  /** Backends that are listed and were removed by `remove`: ids and the addresses they had. */
  readonly #withheld = new Map<string, string>();
  /** How often `replace` was called, and the number of the call that set the list of an origin. */
  #turns = 0;
  readonly #applied = new Map<string, number>();
  /** How often lists were compared with the pool. */
  #stamps = 0;
  /** Messages of rejected entries for which an event was emitted. */
  #reported = new Set<string>();

  /** @throws TypeError or RangeError if an entry is invalid */
  constructor(
    backendPool: readonly BackendPoolEntry[],
    pool: Pool,
    events: Events,
    drains: Drains,
    subset: Subset | undefined,
  ) {
    this.#subset = subset;
    this.#pool = pool;
    this.#events = events;
    this.#drains = drains;
    this.#follower = new PoolFollower(backendPool, 'backendPool');
    const listed = this.#follower.read();
    if (listed === undefined || this.#follower.rejected.length > 0) throw this.#follower.error;
    this.#origins.set(CALLER, listed);
    atOnce(this.#reconcile(false));
  }

  /** Invalid entries of the caller's array, which are left out. */
  get rejected(): readonly RejectedEntry[] {
    return this.#follower?.rejected ?? [];
  }

  /** Applies changes of the caller's array that are seen at a pick. O(1) if there are none. */
  followAtPick(): void {
    if (this.#follower?.hasChangedAtPick() === true) this.#read(this.#follower);
  }

  /** The same at another call: in an array of up to 64 entries, all changes are seen. O(1) without any. */
  follow(): void {
    if (this.#follower?.hasChangedAtCall() === true) this.#read(this.#follower);
  }

  /** Applies all changes of the caller's array. O(n). */
  refresh(): void {
    if (this.#follower?.hasChanged() === true) this.#read(this.#follower);
  }

  /**
   * Whether the caller's array still lists a member as it was read. If not, the array is read again. If it
   * cannot be read, the last reading stays valid.
   */
  confirms(member: Member): boolean {
    return this.#follower?.hasReplaced(member.index) !== true || !this.#read(this.#follower);
  }

  /**
   * Applies changes of the caller's array, then looks up a member.
   * @param id - in any spelling, if it is a base URL
   */
  find(id: string): Member | undefined {
    this.follow();
    const member = this.#pool.find(id);
    return member === undefined || this.confirms(member) ? member : this.#pool.find(id);
  }

  /**
   * The same for a backend that must be in the pool.
   * @throws TypeError or RangeError that names the id
   */
  get(id: string): Member {
    if (typeof id !== 'string') throw new TypeError(`id must be the id of a backend, got ${shown(id)}`);
    const member = this.find(id);
    if (member !== undefined) return member;
    const ids = this.#pool.members.map((one) => one.id);
    throw new RangeError(`the pool has no backend ${JSON.stringify(id)}${nearIdHint(id, ids)}`);
  }

  /** @throws TypeError or RangeError if the entry is invalid or the id is in use */
  add(entry: BackendPoolEntry): Member {
    this.follow();
    const spec = readEntry(entry, 'backend');
    if (this.#pool.get(spec.id) !== undefined) {
      throw new RangeError(`backend ${JSON.stringify(spec.id)} is already in the pool`);
    }
    this.#withheld.delete(spec.id);
    const listed = { spec, weight: spec.weight, index: -1 };
    this.#origins.put(ADMIN, listed);
    const member = this.#enter(listed);
    this.#pool.alter({ members: [...this.#pool.members, member], added: [member] }, false);
    return member;
  }

  /**
   * Sets all that an origin lists, in steps; tables follow in slices. The last call counts.
   * @throws TypeError or RangeError if the entries are no array, one of them is invalid, or they would take
   * the place of an array that is followed; then nothing has changed
   */
  replaceInSteps(entries: readonly BackendPoolEntry[], origin: string): Steps {
    this.#checkReplace(entries, origin);
    return this.#replaceInSteps([...entries], origin, ++this.#turns);
  }

  *#replaceInSteps(entries: readonly BackendPoolEntry[], origin: string, turn: number): Steps {
    const listed = yield* listBackends(entries, this.#rulesFor(origin));
    // A later call may have set the list meanwhile.
    if (turn < (this.#applied.get(origin) ?? 0)) return;
    this.#checkReplace(entries, origin);
    this.#set(listed, origin, turn);
    yield* this.#reconcile(true);
  }

  /**
   * Sets all that an origin lists, in one pass. O(n).
   * @throws TypeError or RangeError as {@link Membership.replaceInSteps}
   */
  replace(entries: readonly BackendPoolEntry[], origin: string): void {
    this.#checkReplace(entries, origin);
    const listed = atOnce(listBackends(entries, this.#rulesFor(origin)));
    this.#set(listed, origin, ++this.#turns);
    atOnce(this.#reconcile(false));
  }

  #checkReplace(entries: readonly BackendPoolEntry[], origin: string): void {
    if (!Array.isArray(entries))
      throw new TypeError(`entries must be an array of backends, got ${shown(entries)}`);
    if (typeof origin !== 'string' || origin === '')
      throw new TypeError(`origin must be a string with at least one character, got ${shown(origin)}`);
    this.refresh();
    if (origin === CALLER && this.#follower?.isEmpty === false)
      throw new TypeError(
        'replace must have an origin where the pool follows an array: change that array, or name the origin of the entries',
      );
  }

  #set(listed: Listings, origin: string, turn: number): void {
    this.#applied.set(origin, turn);
    if (origin === CALLER) {
      this.#follower = undefined;
      // It has the last word, as a call of the same caller.
      if (this.#withheld.size > 0) for (const id of listed.keys()) this.#withheld.delete(id);
    }
    this.#origins.set(origin, listed);
  }

  remove(member: Member): void {
    this.#origins.drop(ADMIN, member.id);
    if (this.#origins.list(member.id)) this.#withheld.set(member.id, member.address);
    const members = this.#pool.members.filter((other) => other !== member);
    this.#pool.alter({ members, removed: [member] }, false);
    this.#drains.resolveIfIdle(member);
  }

  setWeight(member: Member, weight: number): void {
    const changed = new Map([[member, () => void (member.nominalWeight = weight)]]);
    this.#pool.alter({ members: this.#pool.members, changed }, false);
  }

  /** Sets (`on`) or clears a reason that bars a member, and emits the event if that changed anything. */
  setReason(member: Member, reason: number, on: boolean, event: BalancerEvent): void {
    if (this.#pool.setReason(member, reason, on)) this.#events.emit(event);
  }

  /**
   * Copies the changes that calls made in the membership that this one replaces. Where the arrays differ,
   * this one's array wins.
   */
  takeOver(before: Membership): void {
    before.refresh();
    this.refresh();
    for (const origin of before.#origins.others)
      this.#origins.set(origin, new Map(before.#origins.listedBy(origin)));
    atOnce(this.#reconcile(false));
    for (const [id, address] of before.#withheld) {
      const member = this.#pool.get(id);
      if (member?.address === address) this.remove(member);
    }
    for (const old of before.#pool.members) {
      const member = this.#pool.get(old.id);
      if (member?.address === old.address) this.#copyState(member, old);
    }
  }

  /**
   * Bars a member from new requests.
   * @param keepsSessionsUntil - in milliseconds of the clock
   * @returns a promise of how many leases it has left: 0, unless the deadline comes first
   */
  drain(member: Member, keepsSessionsUntil: number, deadlineMs: number | undefined): Promise<number> {
    member.keepsSessionsUntil = keepsSessionsUntil;
    this.setReason(member, DRAINING, true, { type: 'draining', backend: member.id });
    const drained = this.#drains.wait(member, deadlineMs);
    this.#drains.resolveIfIdle(member);
    return drained;
  }

  /** Called when a lease on a member has ended. */
  ended(member: Member): void {
    if (member.inFlight === 0 && this.#drains.waiting) this.#drains.resolveIfIdle(member);
  }

  #copyState(member: Member, old: Member): void {
    if (member.listed?.weight === old.listed?.weight && member.nominalWeight !== old.nominalWeight)
      this.setWeight(member, old.nominalWeight);
    member.keepsSessionsUntil = old.keepsSessionsUntil;
    if ((old.reasons & DRAINING) !== 0)
      this.setReason(member, DRAINING, true, { type: 'draining', backend: member.id });
    if ((old.reasons & DOWN) !== 0) this.setReason(member, DOWN, true, { type: 'down', backend: member.id });
  }

  /** Reads the array and applies it. @returns whether the array could be read */
  #read(follower: PoolFollower): boolean {
    const listed = follower.read();
    if (listed !== undefined) {
      this.#origins.set(CALLER, listed);
      atOnce(this.#reconcile(false));
    }
    const messages = new Set<string>();
    for (const { index, message } of follower.rejected) {
      messages.add(message);
      if (!this.#reported.has(message)) this.#events.emit({ type: 'rejected', index, message });
    }
    this.#reported = messages;
    return listed !== undefined;
  }

  /**
   * Makes the listed backends the members of the pool, without those that are withheld: looks what has
   * changed, and changes that; anew, if another call has changed the pool in between. O(n).
   */
  *#reconcile(inSlices: boolean): Steps {
    for (let tries = 1; ; tries++) {
      const isSliced = inSlices && tries <= MOST_TRIES;
      const { change } = this.#pool;
      const difference = isSliced ? yield* this.#difference() : atOnce(this.#difference());
      if (this.#pool.change === change && (yield* this.#apply(difference, isSliced))) return;
    }
  }

  *#difference(): Steps<Difference> {
    const merged = this.#origins.merged();
    for (const [id, address] of this.#withheld)
      if (merged.get(id)?.spec.address !== address) this.#withheld.delete(id);
    const stamp = ++this.#stamps;
    const used = this.#subset === undefined ? undefined : subsetOf(merged, this.#subset);
    const own = this.#origins.listedBy(ADMIN);
    const order: (Member | ListedBackend)[] = [];
    const added: number[] = [];
    const changed = new Map<Member, () => void>();
    let count = 0;
    for (const [id, one] of merged) {
      if (++count % STEP === 0) yield;
      const share = used === undefined || own.has(id) ? 1 : (used.get(id) ?? 0);
      if (share === 0 || this.#withheld.has(id)) continue;
      const listed = share === 1 ? one : { ...one, weight: one.weight * share };
      const known = this.#memberOf(listed.spec);
      if (known === undefined) added.push(order.length);
      else {
        known.stamp = stamp;
        if (!isSame(known.listed, listed)) changed.set(known, () => describe(known, listed));
      }
      order.push(known ?? listed);
    }
    const removed = this.#pool.members.filter((member) => member.stamp !== stamp);
    return { order, added, changed, removed };
  }

  /** @returns in steps, whether all is done; `false` if another call has changed the pool in between */
  *#apply({ order, added, changed, removed }: Difference, isSliced: boolean): Steps<boolean> {
    const batch = isSliced ? Math.max(BATCH, Math.ceil(added.length / BATCHES)) : added.length;
    let members = this.#pool.members.filter((member) => member.stamp === this.#stamps);
    for (let from = 0; ; from += batch) {
      const entered = added
        .slice(from, from + batch)
        .map((at) => (order[at] = this.#enter(order[at] as ListedBackend)));
      const isLast = from + batch >= added.length;
      members = isLast ? (order as Member[]) : [...members, ...entered];
      this.#pool.alter({ members, added: entered, ...(from === 0 && { changed, removed }) }, isSliced);
      if (isLast) return true;
      const { change } = this.#pool;
      yield;
      if (this.#pool.change !== change) return false;
    }
  }

  #rulesFor(origin: string): ListRules {
    const before = this.#origins.listedBy(origin);
    return {
      name: 'entries',
      isFollowed: false,
      before,
      specOf: (entry, index) => sameSpec(entry, before) ?? readEntry(entry, `entries[${index}]`),
      reject: (error) => {
        throw error;
      },
    };
  }

  /** The member for a backend; `undefined` if it is not in the pool, or its address or its tier changed. */
  #memberOf(spec: BackendSpec): Member | undefined {
    const known = this.#pool.get(spec.id);
    return known?.address === spec.address && known.tier === this.#pool.tierFor(spec) ? known : undefined;
  }

  /**
   * A new member for a listed backend. If its address is that of the member with this id so far, it keeps
   * what calls changed in that.
   */
  #enter(listed: ListedBackend): Member {
    const { spec } = listed;
    const known = this.#pool.get(spec.id);
    const member = this.#pool.enter(spec);
    if (known?.address === spec.address) {
      member.listed = known.listed;
      member.nominalWeight = known.nominalWeight;
      member.reasons |= known.reasons & (DOWN | DRAINING);
      member.keepsSessionsUntil = known.keepsSessionsUntil;
    }
    describe(member, listed);
    return member;
  }
}

/** What a list changes in the pool. */
interface Difference {
  /** All members in order; those that are new as they are listed. */
  readonly order: (Member | ListedBackend)[];
  /** Places of the new ones in that. */
  readonly added: readonly number[];
  readonly changed: ReadonlyMap<Member, () => void>;
  readonly removed: readonly Member[];
}

/** Between two steps so many listed backends are compared. */
const STEP = 512;
/** So many new members enter at once, or an eighth of them if that is more. */
const BATCH = 256;
const BATCHES = 8;
/** After so many changes by other calls meanwhile, a list is applied in one piece. */
const MOST_TRIES = 4;

function isSame(known: ListedBackend | undefined, listed: ListedBackend): boolean {
  const isOther =
    known?.spec !== listed.spec || known.weight !== listed.weight || known.index !== listed.index;
  return known === listed || !isOther;
}

/** Gives a member what its entry says. */
function describe(member: Member, listed: ListedBackend): void {
  const { spec, weight, index } = listed;
  // A weight set by `setWeight` stays until another one is listed.
  if (member.listed?.weight !== weight) member.nominalWeight = weight;
  member.listed = listed;
  member.url = spec.url;
  member.zone = spec.zone;
  member.setConcurrency(spec.concurrency, member.reportedConcurrency);
  member.index = index;
}
