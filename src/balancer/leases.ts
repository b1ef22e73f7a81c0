import type { Outcome } from '../strategies/strategy.ts';
import type { Chooser } from './chooser.ts';
import type { DecisionParts } from './decisions.ts';
import { HeldLease, type Lease, type Lessor } from './lease.ts';
import type { Member } from './member.ts';

/** Opens and ends leases: updates the counters, then informs the strategy, the guards and the listeners. */
export class Leases implements Lessor {
  readonly #parts: DecisionParts;
  readonly #listeners = new Set<() => void>();

  constructor(parts: DecisionParts) {
    this.#parts = parts;
  }

  /** Opens a lease on the backend that a chooser picked. It must have picked one. */
  open(chooser: Chooser): Lease {
    const { pool, guards, router } = this.#parts;
    const member = chooser.picked as Member;
    const lease = new HeldLease(member, chooser.spilled, this);
    chooser.commit();
    router.committed();
    pool.begin(member);
    member.requests++;
    chooser.strategy.started?.(lease, chooser.sticky);
    guards.started(lease);
    return lease;
  }

  /** Called when a lease is released. */
  ended(lease: HeldLease, outcome: Outcome): void {
    const { pool, guards, router, membership } = this.#parts;
    const member = lease.backend as Member;
    pool.end(member);
    if (outcome === 'failure') member.failures++;
    else if (outcome === 'cancelled') member.cancelled++;
    if (member.present) router.chooserOf(member).strategy.finished?.(lease, outcome);
    guards.finished(lease, outcome);
    membership.ended(member);
    if (this.#listeners.size > 0) this.#notify();
  }

  /** Calls the listener each time a lease has ended. @returns a function that ends the subscription */
  whenReleased(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch {
        // The lease has ended already; an observer must not undo that.
      }
    }
  }
}
