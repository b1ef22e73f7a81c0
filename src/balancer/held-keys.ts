// Keys that have leases. Strict affinity keeps each on its backend until its last lease has ended.

import { NO_SLOT } from './key-memory.ts';
import type { Member } from './member.ts';

/** What the memory of keys knows of a key, so that it can learn it again after it forgot the key. */
export interface KeyTrace {
  /** Slot of the key's home when that was last checked; {@link NO_SLOT} for none. */
  home: number;
  /** Slot of the backend that the key returns to; {@link NO_SLOT} for none. */
  origin: number;
  /** Epoch of the membership in which the home was last checked. */
  epoch: number;
}

/** A key that has leases. */
export class HeldKey implements KeyTrace {
  /** Leases of the key that have not ended. */
  leases = 0;
  /** The backend that its requests go to. It may have left the pool. */
  owner: Member;
  home = NO_SLOT;
  origin = NO_SLOT;
  epoch = 0;
  readonly position: number;
  readonly fingerprint: number;
  /** Another held key at the same position. */
  next: HeldKey | undefined;
  readonly #keys: HeldKeys;

  constructor(keys: HeldKeys, position: number, fingerprint: number, owner: Member) {
    this.#keys = keys;
    this.position = position;
    this.fingerprint = fingerprint;
    this.owner = owner;
  }

  /** Called when one of its leases has ended. With the last one the key is let go. */
  leaseEnded(): void {
    if (--this.leases === 0) this.#keys.letGo(this);
  }
}

/**
 * The keys that have leases, each identified by two 32-bit hashes; no string is kept. There are never more of
 * them than leases. Every operation is O(1), but {@link HeldKeys.forgetBackends}.
 */
export class HeldKeys {
  /** How many keys have leases. */
  size = 0;
  readonly #byPosition = new Map<number, HeldKey>();

  find(position: number, fingerprint: number): HeldKey | undefined {
    let held = this.#byPosition.get(position);
    while (held !== undefined && held.fingerprint !== fingerprint) held = held.next;
    return held;
  }

  /** Adds a key that is not held yet. Its first lease is to be counted by the caller. */
  add(position: number, fingerprint: number, owner: Member): HeldKey {
    const held = new HeldKey(this, position, fingerprint, owner);
    held.next = this.#byPosition.get(position);
    this.#byPosition.set(position, held);
    this.size++;
    return held;
  }

  /** Forgets a key whose last lease has ended. */
  letGo(held: HeldKey): void {
    this.size--;
    const first = this.#byPosition.get(held.position) as HeldKey;
    if (first !== held) {
      let before = first;
      while (before.next !== held) before = before.next as HeldKey;
      before.next = held.next;
    } else if (held.next === undefined) this.#byPosition.delete(held.position);
    else this.#byPosition.set(held.position, held.next);
  }

  /** Clears removed backends as home and origin, as their slots may be given to others. O(keys). */
  forgetBackends(removed: readonly number[]): void {
    const slots = new Set(removed);
    for (const first of this.#byPosition.values()) {
      for (let held: HeldKey | undefined = first; held !== undefined; held = held.next) {
        if (slots.has(held.home)) held.home = NO_SLOT;
        if (slots.has(held.origin)) held.origin = NO_SLOT;
      }
    }
  }
}
