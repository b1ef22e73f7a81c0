import type { StrategyLease } from '../strategies/strategy.ts';

/**
 * Distinguishes the leases that began before an ejection, or before a breaker opened, from those that began
 * after it. The outcomes of the older ones say nothing about the backend's present state. Costs one
 * comparison while no older lease is left, and memory only for leases that have not ended.
 */
export class LeaseGeneration {
  /** Number of leases of older generations that have not ended. */
  #older: number;
  /** Leases of this generation; kept only while there are older ones. */
  readonly #own = new Set<StrategyLease>();

  /** @param older - number of leases that began before and have not ended */
  constructor(older: number) {
    this.#older = older;
  }

  /** Begins a new generation. @param older - number of leases that the backend has now */
  renew(older: number): void {
    this.#older = older;
    this.#own.clear();
  }

  started(lease: StrategyLease): void {
    if (this.#older > 0) this.#own.add(lease);
  }

  /** Must be called once for every lease that ends. @returns whether the lease is of this generation */
  ended(lease: StrategyLease): boolean {
    if (this.#older === 0 || this.#own.delete(lease)) return true;
    if (--this.#older === 0) this.#own.clear();
    return false;
  }
}
