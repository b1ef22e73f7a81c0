import type { Backend } from './strategy.ts';

/**
 * Breaks ties by stride scheduling: the backend that got the fewest requests for its weight comes first. A
 * backend that was not eligible for a while does not catch up on missed turns.
 *
 * @see Waldspurger and Weihl, Stride Scheduling, MIT/LCS/TM-528, 1995
 */
export class FairTurns {
  /** The pass of each slot: the sum over its requests of 1 / weight. */
  #passes = new Float64Array(0);
  #owners: (string | undefined)[] = [];
  /**
   * The pass of the latest turn, with which new backends start. An array, as a number field would be boxed.
   */
  readonly #present = new Float64Array(1);

  update(backends: readonly Backend[]): void {
    const size = Math.max(0, ...backends.map((b) => b.slot + 1));
    const passes = new Float64Array(size).fill(this.#present[0] as number);
    const owners: (string | undefined)[] = [];
    for (const { id, slot } of backends) {
      owners[slot] = id;
      if (this.#owners[slot] === id) passes[slot] = this.#passes[slot] as number;
    }
    this.#passes = passes;
    this.#owners = owners;
  }

  /** Whether it is `a`'s turn rather than `b`'s. */
  isFirst(a: Backend, b: Backend): boolean {
    const difference = (this.#passes[a.slot] as number) - (this.#passes[b.slot] as number);
    return difference === 0 ? a.slot < b.slot : difference < 0;
  }

  /** Counts a turn of a backend. */
  record(backend: Backend): void {
    const present = Math.max(this.#present[0] as number, this.#passes[backend.slot] as number);
    this.#passes[backend.slot] = present + 1 / backend.weight;
    this.#present[0] = present;
  }
}
