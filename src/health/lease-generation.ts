import type { StrategyLease } from '../strategies/strategy.ts';

/**
 * Tells a backend's leases of now from those that began before something happened to it, whose ends come too late to say
 * anything about it. Costs a comparison where none of the older ones is left, and memory only for leases that are held.
 */
export class LeaseGeneration {
  /** Leases of older generations that have not ended. */
  #older: number;
  /** Leases of this generation, as long as there are older ones. */
  readonly #own = new Set<StrategyLease>();

  /** @param older - leases on the backend that had begun before */
  constructor(older: number) {
    this.#older = older;
  }

  /** Begins a new generation. @param older - leases that the backend has now */
  renew(older: number): void {
    this.#older = older;
    this.#own.clear();
  }

  started(lease: StrategyLease): void {
    if (this.#older > 0) this.#own.add(lease);
  }

  /** Must be called once for every lease. @returns whether the lease that ended is of this generation */
  ended(lease: StrategyLease): boolean {
    if (this.#older === 0 || this.#own.delete(lease)) return true;
    if (--this.#older === 0) this.#own.clear();
    return false;
  }
}
