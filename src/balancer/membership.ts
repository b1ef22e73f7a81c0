import type { BackendPoolEntry } from '../contracts.ts';
import { shown } from '../shown.ts';
import { type BackendSpec, readEntry } from './address.ts';
import { Drains } from './drains.ts';
import type { BalancerEvent, Events } from './events.ts';
import { DOWN, DRAINING, type Member } from './member.ts';
import type { Pool } from './pool.ts';
import { type ListedBackend, PoolFollower, type RejectedEntry } from './pool-follower.ts';

/**
 * Determines the members of the pool: the backends listed in the caller's array, plus those added by `add`,
 * minus those withheld by `remove`. A withheld backend comes back only after the array stopped listing it, or
 * listed it with another address.
 */
export class Membership {
  readonly #pool: Pool;
  readonly #events: Events;
  readonly #follower: PoolFollower;
  readonly #drains: Drains;
  /**
   * Backends that are listed in the caller's array and were removed by `remove`: ids and the addresses they
   * had.
   */
  readonly #withheld = new Map<string, string>();
  /** Messages of rejected entries for which an event was emitted. */
  #reported = new Set<string>();

  /** @throws TypeError or RangeError if an entry is invalid */
  constructor(backendPool: readonly BackendPoolEntry[], pool: Pool, events: Events) {
    this.#pool = pool;
    this.#events = events;
    this.#drains = new Drains(events);
    this.#follower = new PoolFollower(backendPool, 'backendPool');
    const listed = this.#follower.read();
    if (listed === undefined || this.#follower.rejected.length > 0) throw this.#follower.error;
    this.#reconcile(listed);
  }

  /** Invalid entries of the caller's array, which are left out. */
  get rejected(): readonly RejectedEntry[] {
    return this.#follower.rejected;
  }

  /** Applies changes of the caller's array that are seen at a pick. O(1) if there are none. */
  followAtPick(): void {
    if (this.#follower.hasChangedAtPick()) this.#read();
  }

  /**
   * The same at another call: in an array of up to 64 entries, every change is seen. O(1) if there are none.
   */
  follow(): void {
    if (this.#follower.hasChangedAtCall()) this.#read();
  }

  /** Applies all changes of the caller's array. O(n). */
  refresh(): void {
    if (this.#follower.hasChanged()) this.#read();
  }

  /**
   * Whether the caller's array still lists a member as it was read. If not, the array is read again. If it
   * cannot be read, the last reading stays valid.
   */
  confirms(member: Member): boolean {
    return !this.#follower.hasReplaced(member.index) || !this.#read();
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
    if (member === undefined) throw new RangeError(`the pool has no backend ${JSON.stringify(id)}`);
    return member;
  }

  /** @throws TypeError or RangeError if the entry is invalid or the id is in use */
  add(entry: BackendPoolEntry): Member {
    this.follow();
    const spec = readEntry(entry, 'backend');
    if (this.#pool.get(spec.id) !== undefined) {
      throw new RangeError(`backend ${JSON.stringify(spec.id)} is already in the pool`);
    }
    this.#withheld.delete(spec.id);
    const member = this.#pool.enter(spec);
    member.added = true;
    member.nominalWeight = spec.weight;
    this.#pool.replace([...this.#pool.members, member]);
    return member;
  }

  remove(member: Member): void {
    if (member.listedWeight !== undefined) this.#withheld.set(member.id, member.address);
    this.#pool.replace(this.#pool.members.filter((other) => other !== member));
    this.#drains.resolveIfIdle(member);
  }

  setWeight(member: Member, weight: number): void {
    member.nominalWeight = weight;
    this.#pool.replace(this.#pool.members);
  }

  /** Sets (`on`) or clears a reason that bars a member, and emits the event if that changed anything. */
  setReason(member: Member, reason: number, on: boolean, event: BalancerEvent): void {
    if (this.#pool.setReason(member, reason, on)) this.#events.emit(event);
  }

  /** @returns a promise that resolves when the member has no lease left */
  drain(member: Member, keepsSessionsUntil: number): Promise<void> {
    member.keepsSessionsUntil = keepsSessionsUntil;
    this.setReason(member, DRAINING, true, { type: 'draining', backend: member.id });
    const drained = this.#drains.wait(member);
    this.#drains.resolveIfIdle(member);
    return drained;
  }

  /**
   * Copies the changes that calls made in the membership that this one replaces. Where the arrays differ,
   * this one's array wins.
   */
  takeOver(before: Membership): void {
    before.refresh();
    for (const [id, address] of before.#withheld) {
      const member = this.find(id);
      if (member?.address === address) this.remove(member);
    }
    for (const old of before.#pool.members) {
      const member = this.find(old.id) ?? (old.added ? this.add(entryOf(old)) : undefined);
      if (member?.address === old.address) this.#copyState(member, old);
    }
  }

  /** Called when a lease on a member has ended. */
  ended(member: Member): void {
    if (member.inFlight === 0 && this.#drains.waiting) this.#drains.resolveIfIdle(member);
  }

  #copyState(member: Member, old: Member): void {
    member.added ||= old.added;
    const isListed = member.listedWeight !== undefined;
    if (isListed && member.listedWeight === old.listedWeight && member.nominalWeight !== old.nominalWeight)
      this.setWeight(member, old.nominalWeight);
    member.keepsSessionsUntil = old.keepsSessionsUntil;
    if ((old.reasons & DRAINING) !== 0)
      this.setReason(member, DRAINING, true, { type: 'draining', backend: member.id });
    if ((old.reasons & DOWN) !== 0) this.setReason(member, DOWN, true, { type: 'down', backend: member.id });
  }

  /** Reads the array and applies it. @returns whether the array could be read */
  #read(): boolean {
    const listed = this.#follower.read();
    if (listed !== undefined) this.#reconcile(listed);
    const messages = new Set<string>();
    for (const { index, message } of this.#follower.rejected) {
      messages.add(message);
      if (!this.#reported.has(message)) this.#events.emit({ type: 'rejected', index, message });
    }
    this.#reported = messages;
    return listed !== undefined;
  }

  /** Makes the listed backends the members of the pool, with regard to `add` and `remove`. */
  #reconcile(listed: readonly ListedBackend[]): void {
    const addresses = new Map(listed.map(({ spec }) => [spec.id, spec.address]));
    for (const [id, address] of this.#withheld) if (addresses.get(id) !== address) this.#withheld.delete(id);
    const members = listed
      .filter(({ spec }) => !this.#withheld.has(spec.id))
      .map((one) => this.#memberFor(one));
    const stays = new Set(members);
    for (const member of this.#pool.members) {
      if (stays.has(member)) continue;
      member.listedWeight = undefined;
      member.index = -1;
      if (member.added && !addresses.has(member.id)) members.push(member);
    }
    this.#pool.replace(members);
  }

  /** The member for a listed backend: the existing one, unless its address, zone or backup role changed. */
  #memberFor({ spec, weight, index }: ListedBackend): Member {
    const known = this.#pool.get(spec.id);
    const isSame =
      known?.address === spec.address && known.zone === spec.zone && known.tier.backup === spec.backup;
    const member = known !== undefined && isSame ? known : this.#enter(spec, known);
    // A weight set by `setWeight` stays until the array lists another one.
    if (member.listedWeight !== weight) member.nominalWeight = weight;
    member.listedWeight = weight;
    member.setConcurrency(spec.concurrency, member.reportedConcurrency);
    member.index = index;
    return member;
  }

  /**
   * @param known - the member with this id so far. If it has the same address, the new member keeps what
   * calls changed in it.
   */
  #enter(spec: BackendSpec, known: Member | undefined): Member {
    const member = this.#pool.enter(spec);
    if (known?.address !== spec.address) return member;
    member.added = known.added;
    member.listedWeight = known.listedWeight;
    member.nominalWeight = known.nominalWeight;
    member.reasons |= known.reasons & (DOWN | DRAINING);
    member.keepsSessionsUntil = known.keepsSessionsUntil;
    return member;
  }
}

/** A pool entry from which `add` makes an equal member. */
function entryOf({
  id,
  url,
  zone,
  tier,
  nominalWeight,
  ownConcurrency: concurrency,
}: Member): BackendPoolEntry {
  return {
    id,
    url,
    weight: nominalWeight,
    backup: tier.backup,
    ...(zone === undefined ? {} : { zone }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}
