// How strategies break ties: backends that are equally loaded take turns.

import type { Backend } from './strategy.ts';

/**
 * Breaks ties by stride scheduling: the backend that got the fewest requests for its weight comes first. A
 * backend that finished a request goes to the back of the line, so that a slow backend, which finishes fewer,
 * does not come first whenever all are idle. A backend that was not eligible for a while does not catch up on
 * missed turns. The first turn of each backend is drawn at random: many balancers that start together do not
 * all begin with the same backend. O(1) for each operation, O(n) for an update.
 *
 * @see Waldspurger and Weihl, Stride Scheduling, MIT/LCS/TM-528, 1995
 */
export class FairTurns {
  /** The pass of each slot: the virtual time of the backend's next turn. A turn takes 1 / weight. */
  #passes = new Float64Array(0);
  /** The weight of each slot at the last update. */
  #weights = new Float64Array(0);
  /** When each slot last went to the back of the line, as a count: equal passes keep that order. */
  #joined = new Float64Array(0);
  readonly #joins = new Float64Array(1);
  #owners: (string | undefined)[] = [];
  /** The virtual time of the latest turn. An array, as a number field would be boxed. */
  readonly #present = new Float64Array(1);
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  update(backends: readonly Backend[]): void {
    const size = backends.reduce((most, { slot }) => Math.max(most, slot + 1), 0);
    const passes = new Float64Array(size);
    const weights = new Float64Array(size);
    const joined = new Float64Array(size);
    const owners: (string | undefined)[] = [];
    const present = this.#present[0] as number;
    for (const { id, slot, weight } of backends) {
      owners[slot] = id;
      weights[slot] = weight;
      if (this.#owners[slot] !== id) {
        passes[slot] = present + this.#random() / weight;
        continue;
      }
      // A turn that is due in one round is due in one round of the new weight.
      const dueIn = ((this.#passes[slot] as number) - present) * (this.#weights[slot] as number);
      passes[slot] = present + dueIn / weight;
      joined[slot] = this.#joined[slot] as number;
    }
    this.#joined = joined;
    this.#passes = passes;
    this.#weights = weights;
    this.#owners = owners;
  }

  /** Whether it is `a`'s turn rather than `b`'s. */
  isFirst(a: Backend, b: Backend): boolean {
    const difference = (this.#passes[a.slot] as number) - (this.#passes[b.slot] as number);
    if (difference !== 0) return difference < 0;
    const joined = (this.#joined[a.slot] as number) - (this.#joined[b.slot] as number);
    return joined === 0 ? a.slot < b.slot : joined < 0;
  }

  /** Counts a turn of a backend. */
  began({ slot, weight }: Backend): void {
    const present = Math.max(this.#present[0] as number, this.#passes[slot] as number);
    this.#passes[slot] = present + 1 / weight;
    this.#present[0] = present;
  }

  /** Sends a backend that finished a request to the back of the line. */
  finished({ id, slot, weight }: Backend): void {
    if (this.#owners[slot] !== id) return;
    const back = (this.#present[0] as number) + 1 / weight;
    if ((this.#passes[slot] as number) > back) return;
    this.#passes[slot] = back;
    this.#joined[slot] = this.#joins[0] = (this.#joins[0] as number) + 1;
  }
}
