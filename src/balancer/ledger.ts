import type { Outcome } from '../strategies/strategy.ts';
import type { Chooser } from './chooser.ts';
import type { DecisionParts } from './decisions.ts';
import { Lease, type Lessor } from './lease.ts';
import type { Member } from './member.ts';

/** Counts leases in and out, and lets everybody who learns from them know. */
export class Ledger implements Lessor {
  readonly #parts: DecisionParts;
  readonly #listeners = new Set<() => void>();

  constructor(parts: DecisionParts) {
    this.#parts = parts;
  }

  /** Makes what a chooser found true. It must have picked somebody. */
  open(chooser: Chooser): Lease {
    const { pool, guards, router } = this.#parts;
    const member = chooser.picked as Member;
    const lease = new Lease(member, chooser.spilled, this);
    chooser.commit();
    router.committed();
    pool.begin(member);
    member.requests++;
    chooser.strategy.started?.(lease, chooser.sticky);
    guards.started(lease);
    return lease;
  }

  ended(lease: Lease, outcome: Outcome): void {
    const { pool, guards, router, membership } = this.#parts;
    const member = lease.backend as Member;
    pool.end(member);
    if (outcome === 'failure') member.failures++;
    else if (outcome === 'cancelled') member.cancelled++;
    if (member.present) router.chooserOf(member).strategy.finished?.(lease, outcome);
    guards.finished(lease, outcome);
    membership.ended(member);
    if (this.#listeners.size > 0) this.#tell();
  }

  /** @returns a function that ends the subscription */
  whenReleased(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch {
        // A listener only watches.
      }
    }
  }
}
