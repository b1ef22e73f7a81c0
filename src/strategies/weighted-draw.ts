import { KEY_SPACE } from '../hashing/hash.ts';
import type { Backend } from './strategy.ts';

/**
 * Maps 32-bit numbers to backends in proportion to their weights, by binary search in prefix sums. O(log n).
 */
export class WeightedDraw {
  backends: readonly Backend[] = [];
  #ends = new Float64Array(0);
  #total = 0;
  #equal = true;

  update(backends: readonly Backend[]): void {
    this.backends = backends;
    this.#ends = new Float64Array(backends.length);
    this.#total = 0;
    for (const [i, backend] of backends.entries()) this.#ends[i] = this.#total += backend.weight;
    this.#equal = backends.every((backend) => backend.weight === backends[0]?.weight);
  }

  /** The backend for a number; `undefined` in an empty pool. */
  at(number: number): Backend | undefined {
    const fraction = (number >>> 0) / KEY_SPACE;
    if (this.#equal) return this.backends[Math.floor(fraction * this.backends.length)];
    const mark = fraction * this.#total;
    let low = 0;
    let high = this.backends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] as number) > mark) high = middle;
      else low = middle + 1;
    }
    return this.backends[low];
  }
}

/** A random 32-bit integer. */
export function drawNumber(random: () => number): number {
  return (random() * KEY_SPACE) | 0;
}
