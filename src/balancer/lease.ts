// The lease: the right to send one request to one backend.

import type { Backend, Outcome, StrategyLease } from '../strategies/strategy.ts';

/** On platforms without explicit resource management, a symbol of our own that no runtime looks up. */
const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose);

/** Receives a lease when it is released. */
export interface Lessor {
  ended(lease: HeldLease, outcome: Outcome): void;
}

/**
 * The right to send one request to one backend. It counts as load of that backend until it is released, which
 * is due when the last byte of the response was sent, or the tunnel was closed. Every lease must be released;
 * a `using` declaration does so by itself.
 */
export interface Lease {
  readonly backend: Backend;
  /** Whether the request spilled over, because the backend that owns its key was at its limit. */
  readonly spilled: boolean;
  /** Ends the lease; only the first call counts. @param outcome - @defaultValue `'success'` */
  release(outcome?: Outcome): void;
  /** Ends the lease as a success, unless it was released before. */
  [dispose](): void;
}

/** A {@link Lease} as the engine holds it. */
export class HeldLease implements Lease, StrategyLease {
  readonly backend: Backend;
  readonly spilled: boolean;
  /** Belongs to the strategy, hence not part of {@link Lease}: only one that measures time sets it. */
  startedAt = 0;
  #lessor: Lessor | undefined;

  constructor(backend: Backend, spilled: boolean, lessor: Lessor) {
    this.backend = backend;
    this.spilled = spilled;
    this.#lessor = lessor;
  }

  release(outcome: Outcome = 'success'): void {
    const lessor = this.#lessor;
    this.#lessor = undefined;
    lessor?.ended(this, outcome);
  }

  [dispose](): void {
    this.release();
  }
}
