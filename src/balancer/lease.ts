import type { Backend, Outcome, StrategyLease } from '../strategies/strategy.ts';

/** Platforms without explicit resource management get a symbol that nothing else looks up. */
const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose);

/** Who gets a lease back. */
export interface Lessor {
  ended(lease: Lease, outcome: Outcome): void;
}

/**
 * The right to send one request to one backend, which counts as that backend's load until it is released: when the last byte
 * of the answer is out, or the tunnel is closed. Every lease must be released; `using` does it by itself.
 */
export class Lease implements StrategyLease {
  readonly backend: Backend;
  /** Whether the backend on which the key lives was too busy for this request. */
  readonly spilled: boolean;
  startedAt = 0;
  #lessor: Lessor | undefined;

  constructor(backend: Backend, spilled: boolean, lessor: Lessor) {
    this.backend = backend;
    this.spilled = spilled;
    this.#lessor = lessor;
  }

  /** Ends the lease; only the first call counts. */
  release(outcome: Outcome = 'success'): void {
    const lessor = this.#lessor;
    this.#lessor = undefined;
    lessor?.ended(this, outcome);
  }

  /** Ends the lease as a success, unless it was released before. */
  [dispose](): void {
    this.release();
  }
}
