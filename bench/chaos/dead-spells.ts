// Counts the requests that the load balancer sends to dead backends.

import type { FaultKind } from './faults.ts';

/** After this many failures in a row that are its own fault a backend must get no more requests. */
export const FAILURES_ALLOWED = 5;

/** The requests that dead backends got, over all spells of one kind of fault. */
export interface DeadTally {
  spells: number;
  /**
   * The most requests that one backend got before it was ejected: the allowed failures, and the requests in
   * flight meanwhile.
   */
  mostBefore: number;
  /** Requests by re-entries: trials, after an ejection, by a half-open breaker, after a successful check. */
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
}

/** An attempt on a dead backend. */
export interface DeadAttempt {
  readonly spell: Spell;
  readonly reentries: number;
}

/**
 * Counts the requests that the load balancer sends to dead backends. A failure is known to be the backend's
 * when its connection was refused or cut off; a 503 or a timeout when another backend has served the request.
 * Once five failures in a row are known, requests are allowed only after a re-entry that the load balancer
 * announced with an event, and after each re-entry only until one of its failures is known.
 */
export class DeadSpells {
  readonly tallies = new Map<FaultKind, DeadTally>();
  readonly #spells = new Map<string, Spell>();
  #isPanic = false;

  /** Panic began or ended. */
  panic(isPanic: boolean): void {
    this.#isPanic = isPanic;
  }

  began(backend: string, kind: FaultKind): void {
    const tally = this.#tally(kind);
    tally.spells++;
    this.#spells.set(backend, { tally, allowed: FAILURES_ALLOWED, reentries: 0, before: 0 });
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

  /** @returns the attempt, if the backend is dead */
  attemptBegan(backend: string): DeadAttempt | undefined {
    const spell = this.#spells.get(backend);
    if (spell === undefined) return undefined;
    const { tally, reentries } = spell;
    if (this.#isPanic) tally.inPanic++;
    else if (spell.allowed === 0) tally.excess++;
    else if (reentries > 0) tally.probes++;
    else tally.mostBefore = Math.max(tally.mostBefore, ++spell.before);
    return { spell, reentries };
  }

  /** An attempt succeeded. It began before the spell, but ends the run of failures all the same. */
  succeeded(backend: string): void {
    const spell = this.#spells.get(backend);
    if (spell !== undefined && spell.reentries === 0 && spell.allowed > 0) spell.allowed = FAILURES_ALLOWED;
  }

  /** The load balancer learns that a failure was the backend's own. */
  failed({ spell, reentries }: DeadAttempt): void {
    if (reentries === spell.reentries) spell.allowed = Math.max(0, spell.allowed - 1);
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
