import type { Outcome } from '../strategies/strategy.ts';
import type { Chooser } from './chooser.ts';
import type { AcquireOptions, DecisionParts } from './decisions.ts';
import type { Events } from './events.ts';
import { type Failure, HeldLease, type Lease, type Lessor, Origin } from './lease.ts';
import type { Member } from './member.ts';

/** Opens and ends leases: updates the counters, then informs the strategy, the guards and the listeners. */
export class Leases implements Lessor {
  readonly #parts: DecisionParts;
  readonly #events: Events;
  readonly #listeners = new Set<() => void>();

  constructor(parts: DecisionParts, events: Events) {
    this.#parts = parts;
    this.#events = events;
  }

  /** Opens a lease on the backend that a chooser picked. It must have picked one. */
  open(chooser: Chooser, key: string | undefined, { client, after }: AcquireOptions): Lease {
    const { pool, guards, router } = this.#parts;
    const member = chooser.picked as Member;
    const trial = chooser.isTrial ? pool.trials.begin(member) : undefined;
    const lease = new HeldLease(member, this, chooser, pool.trustOf(member), trial);
    lease.held = chooser.commit();
    if (guards.learnOrigins) lease.origin = new Origin(key, client, after as HeldLease | undefined);
    router.committed();
    pool.begin(member);
    member.requests++;
    chooser.strategy.started?.(lease, chooser.sticky);
    guards.started(lease);
    if (trial?.limit === 1) this.#events.emit({ type: 'trial', backend: member.id });
    return lease;
  }

  /** Called when the head of a response has come. */
  responded(lease: HeldLease, isFailure: boolean): void {
    const { pool, guards } = this.#parts;
    if (lease.trial !== undefined && !isFailure) pool.trials.succeeded(lease.trial);
    guards.responded(lease, isFailure);
    if (this.#listeners.size > 0) this.#notify();
  }

  /** Called when a lease is released. */
  ended(lease: HeldLease, outcome: Outcome, failure: Failure | undefined): void {
    const { pool, guards, router, membership } = this.#parts;
    const member = lease.backend as Member;
    pool.end(member);
    if (outcome === 'failure') member.failures++;
    else if (outcome === 'cancelled') member.cancelled++;
    else if (outcome === 'rejected') member.rejected++;
    if (lease.trial !== undefined) pool.trials.ended(lease.trial, outcome, lease.status !== undefined);
    lease.held?.leaseEnded();
    if (member.present) router.chooserOf(member).strategy.finished?.(lease, outcome);
    guards.finished(lease, outcome, failure);
    membership.ended(member);
    if (this.#listeners.size > 0) this.#notify();
  }

  /**
   * Calls the listener each time a lease has ended or the head of its response has come.
   * @returns a function that ends the subscription
   */
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
