// The strategy `least-connections`.

import { BackendHeap } from './backend-heap.ts';
import { FairTurns } from './fair-turns.ts';
import type { Strategy, StrategyFactory } from './strategy.ts';

/**
 * The backend with the fewest requests in flight relative to its weight. Backends that tie take turns by
 * weight; one that finished a request goes to the back of the line, as the slow ones finish fewer and would
 * come first otherwise. The first turns are drawn at random. A binary heap keeps the order: O(log n) for each
 * lease, O(1) for a pick while the best backend is eligible.
 */
export function leastConnections(): StrategyFactory {
  return ({ random }): Strategy => {
    const turns = new FairTurns(random);
    const heap = new BackendHeap((a, b) => {
      const difference = a.inFlight * b.weight - b.inFlight * a.weight;
      return difference === 0 ? turns.isFirst(a, b) : difference < 0;
    });
    return {
      name: 'least-connections',
      update(backends) {
        turns.update(backends);
        heap.update(backends);
      },
      pick: (_key, eligible) => heap.best(eligible),
      started({ backend }) {
        turns.began(backend);
        heap.moved(backend);
      },
      finished({ backend }) {
        turns.finished(backend);
        heap.moved(backend);
      },
    };
  };
}
