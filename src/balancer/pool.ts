import { MAX_SLOT } from '../hashing/ring.ts';
import type { BackendSpec } from './address.ts';
import type { Events } from './events.ts';
import { HEALTH, Member, WEIGHTLESS } from './member.ts';

/** A backend of the caller's array, with the weights of its entries added up. */
export interface ListedBackend {
  readonly spec: BackendSpec;
  readonly weight: number;
  /** Where its first entry stands in the array. */
  readonly place: number;
}

/**
 * The members of the pool and the sums over them that every decision needs, kept as things change so that no decision is O(n).
 * Members come from the caller's array and from `add`; the array alone decides about its entries until `remove` withholds one.
 */
export class Pool {
  /** In the order of the caller's array, then of addition. */
  members: readonly Member[] = [];
  /** Requests in flight over all members. */
  inFlight = 0;
  /** Weight over the members that may serve. */
  eligibleWeight = 0;
  /** Whether so many members are out that health is ignored. */
  panic = false;
  readonly bySlot: (Member | undefined)[] = [];
  readonly #byId = new Map<string, Member>();
  /** Members that left while they had leases, by id: one that comes back goes on counting where it was. */
  readonly #departed = new Map<string, Member>();
  /** Ids in the caller's array that `remove` took out. */
  readonly #withheld = new Set<string>();
  readonly #freeSlots: number[] = [];
  readonly #panicRatio: number;
  readonly #events: Events;
  /** Brings the tables that are built over the members up to date. */
  readonly #membersChanged: (removed: readonly Member[]) => void;
  /** Reasons that count now: health does not in panic. */
  #mask = -1;

  constructor(panicRatio: number, events: Events, membersChanged: (removed: readonly Member[]) => void) {
    this.#panicRatio = panicRatio;
    this.#events = events;
    this.#membersChanged = membersChanged;
  }

  get(id: string): Member | undefined {
    return this.#byId.get(id);
  }

  /** Whether a member may take new requests. */
  isEligible(member: Member): boolean {
    return (member.reasons & this.#mask) === 0;
  }

  /** Takes over what the caller's array lists now. */
  reconcile(listed: readonly ListedBackend[]): void {
    const ids = new Set(listed.map(({ spec }) => spec.id));
    for (const id of this.#withheld) if (!ids.has(id)) this.#withheld.delete(id);
    const wanted = listed.filter(({ spec }) => !this.#withheld.has(spec.id));
    const added: Member[] = [];
    const kept = wanted.map(({ spec, weight, place }) => {
      let member = this.#byId.get(spec.id);
      if (member !== undefined && member.address !== spec.address) member = undefined;
      if (member === undefined) added.push((member = this.#enter(spec)));
      if (member.listedWeight !== weight) member.weight = weight;
      member.listedWeight = weight;
      member.place = place;
      return member;
    });
    const stays = new Set(kept);
    for (const member of this.members) {
      if (!stays.has(member)) {
        member.listedWeight = undefined;
        member.place = -1;
        if (member.added && !ids.has(member.id)) kept.push(member);
      }
    }
    this.#replace(kept, added);
  }

  /** @throws RangeError where the id is taken */
  add(spec: BackendSpec): Member {
    if (this.#byId.has(spec.id))
      throw new RangeError(`backend ${JSON.stringify(spec.id)} is already in the pool`);
    this.#withheld.delete(spec.id);
    const member = this.#enter(spec);
    member.added = true;
    member.weight = spec.weight;
    this.#replace([...this.members, member], [member]);
    return member;
  }

  remove(member: Member): void {
    if (member.listedWeight !== undefined) this.#withheld.add(member.id);
    this.#replace(
      this.members.filter((other) => other !== member),
      [],
    );
  }

  setWeight(member: Member, weight: number): void {
    member.weight = weight;
    this.#replace(this.members, []);
  }

  /** Sets or clears one of a member's reasons. @returns whether that changed anything */
  setReason(member: Member, reason: number, on: boolean): boolean {
    const reasons = on ? member.reasons | reason : member.reasons & ~reason;
    if (reasons === member.reasons) return false;
    member.reasons = reasons;
    if (this.#sum()) this.#events.emit({ type: 'panic', panic: this.panic });
    return true;
  }

  /** Counts a lease in. */
  begin(member: Member): void {
    member.inFlight++;
    this.inFlight++;
  }

  /** Counts a lease out; one on a member that left no longer concerns the pool. */
  end(member: Member): void {
    member.inFlight--;
    if (member.present) this.inFlight--;
    else if (member.inFlight === 0) this.#release(member);
  }

  #enter(spec: BackendSpec): Member {
    const returning = this.#departed.get(spec.id);
    if (returning !== undefined && returning.address === spec.address) {
      this.#departed.delete(spec.id);
      returning.present = true;
      returning.reasons = 0;
      returning.added = false;
      returning.place = -1;
      return returning;
    }
    const slot = this.#freeSlots.pop() ?? this.bySlot.length;
    if (slot > MAX_SLOT) throw new RangeError(`a pool can hold ${MAX_SLOT + 1} backends at the most`);
    const member = new Member(spec, slot);
    this.bySlot[slot] = member;
    return member;
  }

  /** Makes these the members. */
  #replace(members: readonly Member[], added: readonly Member[]): void {
    const stays = new Set(members);
    const removed = this.members.filter((member) => !stays.has(member));
    this.members = members;
    for (const member of removed) this.#byId.delete(member.id);
    for (const member of members) {
      this.#byId.set(member.id, member);
      member.reasons = member.weight === 0 ? member.reasons | WEIGHTLESS : member.reasons & ~WEIGHTLESS;
    }
    for (const member of removed) this.#depart(member);
    this.inFlight = members.reduce((sum, member) => sum + member.inFlight, 0);
    this.#membersChanged(removed);
    const panicTurned = this.#sum();
    for (const { id } of removed) this.#events.emit({ type: 'removed', backend: id });
    for (const { id } of added) this.#events.emit({ type: 'added', backend: id });
    if (panicTurned) this.#events.emit({ type: 'panic', panic: this.panic });
  }

  #depart(member: Member): void {
    member.present = false;
    member.listedWeight = undefined;
    member.keys = 0;
    if (member.inFlight === 0) this.#release(member);
    else this.#departed.set(member.id, member);
  }

  /** Nothing holds on to a departed member any more: its slot is free. */
  #release(member: Member): void {
    if (this.#departed.get(member.id) === member) this.#departed.delete(member.id);
    this.bySlot[member.slot] = undefined;
    this.#freeSlots.push(member.slot);
  }

  /** Sums up anew: at each change, so that rounding never builds up. @returns whether panic began or ended */
  #sum(): boolean {
    let inService = 0;
    let healthy = 0;
    let allWeight = 0;
    let healthyWeight = 0;
    for (const { reasons, weight } of this.members) {
      if ((reasons & ~HEALTH) !== 0) continue;
      inService++;
      allWeight += weight;
      if (reasons !== 0) continue;
      healthy++;
      healthyWeight += weight;
    }
    const panic = inService - healthy > this.#panicRatio * inService;
    this.#mask = panic ? ~HEALTH : -1;
    this.eligibleWeight = panic ? allWeight : healthyWeight;
    const turned = panic !== this.panic;
    this.panic = panic;
    return turned;
  }
}
