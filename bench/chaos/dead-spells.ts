// Counts the requests that the load balancer sends to dead backends.

import type { FaultKind } from './faults.ts';

/** After this many failures in a row a backend must get no more requests. */
export const FAILURES_ALLOWED = 5;

/** The requests that dead backends got, over all spells of one kind of fault. */
export interface DeadTally {
  spells: number;
  /**
   * The most requests that one backend got before it was ejected: the allowed failures, and the requests in
   * flight meanwhile.
   */
  mostBefore: number;
  /** Requests by re-entries: after an ejection, by a half-open breaker, after a successful check. */
  probes: number;
  /** Health checks. */
  checks: number;
  /** Requests in panic, when health is ignored. */
  inPanic: number;
  /**
   * Requests that began though enough failures were known, and that were neither probes nor sent in panic.
   * There must be none.
   */
  excess: number;
}

/** A period in which one backend is dead. */
interface Spell {
  readonly tally: DeadTally;
  /** How many failures may become known before the backend must get no more requests. */
  allowed: number;
  reentries: number;
  before: number;
  /**
   * Whether failures alone tell that the backend is dead. They do not if it hangs: a response that is late
   * may come from a backend that is well, so a check must fail, too.
   */
  isConfirmed: boolean;
}

/** An attempt on a dead backend. */
interface Attempt {
  readonly spell: Spell;
  readonly reentries: number;
}

/**
 * Counts the requests that the load balancer sends to dead backends. A failure is known when its attempt has
 * ended: the connection was refused or cut off, the response was a 503, or the time was up. Once five
 * failures in a row are known, requests are allowed only after a re-entry that the load balancer announced
 * with an event, and after each re-entry only until one of its failures is known. Of a backend that hangs, a
 * check must have failed, too.
 */
export class DeadSpells {
  readonly tallies = new Map<FaultKind, DeadTally>();
  readonly #spells = new Map<string, Spell>();
  readonly #attempts = new Map<number, Attempt>();
  #isPanic = false;

  /** Panic began or ended. */
  panic(isPanic: boolean): void {
    this.#isPanic = isPanic;
  }

  began(backend: string, kind: FaultKind): void {
    const tally = this.#tally(kind);
    tally.spells++;
    const isConfirmed = kind !== 'hang';
    this.#spells.set(backend, { tally, allowed: FAILURES_ALLOWED, reentries: 0, before: 0, isConfirmed });
  }

  ended(backend: string): void {
    this.#spells.delete(backend);
  }

  /** The load balancer lets a backend get requests again, to test it. */
  reentered(backend: string): void {
    const spell = this.#spells.get(backend);
    if (spell === undefined || spell.allowed > 0) return;
    spell.allowed = 1;
    spell.reentries++;
  }

  checked(backend: string): void {
    const spell = this.#spells.get(backend);
    if (spell !== undefined) spell.tally.checks++;
  }

  /** A check of the backend failed. */
  checkFailed(backend: string): void {
    const spell = this.#spells.get(backend);
    if (spell !== undefined) spell.isConfirmed = true;
  }

  /** @param attempt - a unique number */
  attemptBegan(attempt: number, backend: string): void {
    const spell = this.#spells.get(backend);
    if (spell === undefined) return;
    const { tally, reentries } = spell;
    this.#attempts.set(attempt, { spell, reentries });
    if (this.#isPanic) tally.inPanic++;
    else if (spell.allowed === 0 && spell.isConfirmed) tally.excess++;
    else if (reentries > 0) tally.probes++;
    else tally.mostBefore = Math.max(tally.mostBefore, ++spell.before);
  }

  /** The load balancer learns that an attempt ended. */
  attemptEnded(attempt: number, backend: string, outcome: 'success' | 'failure' | 'cancelled'): void {
    const own = this.#attempts.get(attempt);
    this.#attempts.delete(attempt);
    const spell = this.#spells.get(backend);
    if (spell === undefined || outcome === 'cancelled') return;
    if (outcome === 'success') {
      // It began before the spell, but ends the run of failures all the same.
      if (spell.reentries === 0 && spell.allowed > 0) spell.allowed = FAILURES_ALLOWED;
    } else if (own?.spell === spell && own.reentries === spell.reentries) {
      spell.allowed = Math.max(0, spell.allowed - 1);
    }
  }

  #tally(kind: FaultKind): DeadTally {
    let tally = this.tallies.get(kind);
    if (tally === undefined) {
      tally = { spells: 0, mostBefore: 0, probes: 0, checks: 0, inPanic: 0, excess: 0 };
      this.tallies.set(kind, tally);
    }
    return tally;
  }
}
