// The deadlines of many connections, on one timer.

import type { Clock, Timers } from 'evenkeel/internal';

/** Something with a deadline. The sweep sets the neighbours. */
export interface Expiring {
  /** In milliseconds of the clock; `Infinity` for none. */
  dueAt: number;
  before: Expiring | undefined;
  after: Expiring | undefined;
  /** Called when the deadline has passed, once for each deadline that is set. It must not throw. */
  expire(): void;
}

/** How often deadlines are looked at. */
const INTERVAL_MS = 500;
/**
 * A look that is this much too late, in milliseconds, was held up: the process was stopped. What clients sent
 * meanwhile is read before anything is closed.
 */
const HELD_UP_MS = 1_000;

/**
 * Looks at all deadlines twice a second. To set a deadline is to write a number, so a request costs nothing;
 * the price is that a deadline is up to half a second late, and O(members) each time. `add` and `delete` are
 * O(1).
 */
export class DeadlineSweep {
  readonly #env: { readonly clock: Clock; readonly timers: Timers };
  #first: Expiring | undefined;
  #stop: (() => void) | undefined;
  #looksAt = 0;

  constructor(env: { readonly clock: Clock; readonly timers: Timers }) {
    this.#env = env;
  }

  /** Milliseconds of the clock. */
  get now(): number {
    return this.#env.clock.now();
  }

  add(member: Expiring): void {
    member.before = undefined;
    member.after = this.#first;
    if (this.#first !== undefined) this.#first.before = member;
    this.#first = member;
    if (this.#stop === undefined) this.#lookIn(INTERVAL_MS);
  }

  /** Removes a member, which must be in it. */
  delete(member: Expiring): void {
    const { before, after } = member;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    member.before = member.after = undefined;
    if (this.#first === undefined) this.#rest();
  }

  #rest(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #lookIn(delayMs: number): void {
    this.#looksAt = this.#env.clock.now() + delayMs;
    this.#stop = this.#env.timers.schedule(this.#look, delayMs, true);
  }

  readonly #look = (): void => {
    this.#stop = undefined;
    const now = this.#env.clock.now();
    if (now - this.#looksAt > HELD_UP_MS) {
      this.#lookIn(1);
      return;
    }
    for (let member = this.#first; member !== undefined; ) {
      // One that expires may leave.
      const next = member.after;
      if (member.dueAt <= now) {
        member.dueAt = Number.POSITIVE_INFINITY;
        member.expire();
      }
      member = next;
    }
    if (this.#first !== undefined && this.#stop === undefined) this.#lookIn(INTERVAL_MS);
  };
}
