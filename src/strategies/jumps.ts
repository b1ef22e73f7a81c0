// The search that keyed and random strategies use when the first choice is not eligible.

import { jump } from '../hashing/hash.ts';
import { leastLoaded } from './least-loaded.ts';
import type { Backend, Eligible } from './strategy.ts';

const JUMPS = 8;

/**
 * The first eligible backend at a hash or at up to eight pseudo-random jumps from it; then the least loaded
 * one. Equal keys have equal jumps, and jumps hit backends in proportion to their weights. They spread the
 * keys of a full backend over all others; walking on along the ring would give most of them to one neighbour.
 * Expected O(1) while a fair part of the pool is eligible.
 *
 * @see Chen, Coleman and Shrivastava, Revisiting Consistent Hashing with Bounded Loads, arXiv:1908.08762
 */
export function firstEligible(
  hash: number,
  locate: (hash: number) => Backend | undefined,
  backends: readonly Backend[],
  eligible: Eligible,
): Backend | undefined {
  for (let count = 0; count <= JUMPS; count++) {
    const backend = locate(jump(hash, count));
    if (backend !== undefined && eligible(backend)) return backend;
  }
  return leastLoaded(backends, eligible);
}
