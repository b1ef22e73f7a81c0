import type { BackendPoolEntry } from '../contracts.ts';
import { type BackendSpec, readEntry } from './address.ts';
import { Drains } from './drains.ts';
import type { BalancerEvent, Events } from './events.ts';
import { DOWN, DRAINING, type Member } from './member.ts';
import type { Pool } from './pool.ts';
import { type ListedBackend, PoolFollower, type RejectedEntry } from './pool-follower.ts';

/**
 * Who is in the pool: the entries of the caller's array as it changes, and what `add` and `remove` make of it. The array
 * alone decides about its entries, until `remove` withholds one.
 */
export class Membership {
  readonly #pool: Pool;
  readonly #events: Events;
  readonly #follower: PoolFollower;
  readonly #drains: Drains;
  /** Ids in the caller's array that `remove` took out, and the addresses that they had. */
  readonly #withheld = new Map<string, string>();
  /** Messages of rejected entries that were already told. */
  #told = new Set<string>();

  /** @throws TypeError or RangeError where an entry is wrong */
  constructor(backendPool: readonly BackendPoolEntry[], pool: Pool, events: Events) {
    this.#pool = pool;
    this.#events = events;
    this.#drains = new Drains(events);
    this.#follower = new PoolFollower(backendPool, 'backendPool');
    const listed = this.#follower.read();
    if (listed === undefined || this.#follower.rejected.length > 0) throw this.#follower.error;
    this.#reconcile(listed);
  }

  /** Entries of the caller's array that cannot be used. */
  get rejected(): readonly RejectedEntry[] {
    return this.#follower.rejected;
  }

  /** Takes over what has changed in the caller's array; O(1) where nothing has. */
  follow(): void {
    if (this.#follower.hasChanged()) this.#read();
  }

  /** Whether a member is still what the caller's array says; if not, the array is read anew. One that cannot be read says what it said. */
  confirms(member: Member): boolean {
    return !this.#follower.hasChangedAt(member.place) || !this.#read();
  }

  find(id: string): Member | undefined {
    this.follow();
    return this.#pool.get(id);
  }

  /** @throws TypeError or RangeError where the entry is wrong or the id is taken */
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
    this.#drains.settle(member);
  }

  setWeight(member: Member, weight: number): void {
    member.nominalWeight = weight;
    this.#pool.replace(this.#pool.members);
  }

  /** Sets or clears a reason against a member, and tells of it where that changes anything. */
  turn(member: Member, reason: number, on: boolean, event: BalancerEvent): void {
    if (this.#pool.setReason(member, reason, on)) this.#events.emit(event);
  }

  /** @returns a promise that resolves when the member has no lease */
  drain(member: Member, keepsSessionsUntil: number): Promise<void> {
    member.keepsSessionsUntil = keepsSessionsUntil;
    this.turn(member, DRAINING, true, { type: 'draining', backend: member.id });
    const drained = this.#drains.wait(member);
    this.#drains.settle(member);
    return drained;
  }

  /** Takes over what was changed by calls in the membership whose place this one takes. What the arrays say differently comes first. */
  takeOver(before: Membership): void {
    before.follow();
    for (const [id, address] of before.#withheld) {
      const member = this.find(id);
      if (member?.address === address) this.remove(member);
    }
    for (const old of before.#pool.members) {
      const member = this.find(old.id) ?? (old.added ? this.add(entryOf(old)) : undefined);
      if (member?.address === old.address) this.#assume(member, old);
    }
  }

  /** A lease on a member has ended. */
  ended(member: Member): void {
    if (member.inFlight === 0 && this.#drains.waiting) this.#drains.settle(member);
  }

  #assume(member: Member, old: Member): void {
    member.added ||= old.added;
    const isListed = member.listedWeight !== undefined;
    if (isListed && member.listedWeight === old.listedWeight && member.nominalWeight !== old.nominalWeight)
      this.setWeight(member, old.nominalWeight);
    member.keepsSessionsUntil = old.keepsSessionsUntil;
    if ((old.reasons & DRAINING) !== 0)
      this.turn(member, DRAINING, true, { type: 'draining', backend: member.id });
    if ((old.reasons & DOWN) !== 0) this.turn(member, DOWN, true, { type: 'down', backend: member.id });
  }

  /** @returns whether the array can be read */
  #read(): boolean {
    const listed = this.#follower.read();
    if (listed !== undefined) this.#reconcile(listed);
    const messages = new Set<string>();
    for (const { index, message } of this.#follower.rejected) {
      messages.add(message);
      if (!this.#told.has(message)) this.#events.emit({ type: 'rejected', index, message });
    }
    this.#told = messages;
    return listed !== undefined;
  }

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
      member.place = -1;
      if (member.added && !addresses.has(member.id)) members.push(member);
    }
    this.#pool.replace(members);
  }

  /** The member of a listed backend: the one there is, unless its address or its place in the world changed. */
  #memberFor({ spec, weight, place }: ListedBackend): Member {
    const known = this.#pool.get(spec.id);
    const isSame =
      known?.address === spec.address && known.zone === spec.zone && known.tier.backup === spec.backup;
    const member = known !== undefined && isSame ? known : this.#enter(spec, known);
    // A weight that was set stays until the array gives another.
    if (member.listedWeight !== weight) member.nominalWeight = weight;
    member.listedWeight = weight;
    member.place = place;
    return member;
  }

  /** @param known - which one it was under this id; where only its place in the world is another, what calls have made of it stays */
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

/** What `add` makes such a member of. */
function entryOf({ id, url, zone, tier, nominalWeight }: Member): BackendPoolEntry {
  return { id, url, weight: nominalWeight, backup: tier.backup, ...(zone === undefined ? {} : { zone }) };
}
