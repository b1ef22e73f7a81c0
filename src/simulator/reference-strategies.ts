// Strategies that are not for use: they show what the others improve.
import { consistentHash } from '../strategies/consistent-hash.ts';
import type { Backend, Eligible, KeyedStrategy, StrategyFactory } from '../strategies/strategy.ts';

/**
 * The hash of the key modulo the number of backends that may serve. When that number changes, nearly all keys
 * move. O(backends).
 */
export function hashModN(): StrategyFactory {
  return (): KeyedStrategy => {
    let backends: readonly Backend[] = [];
    return {
      name: 'hash-mod-n',
      update(next) {
        backends = [...next].sort((a, b) => a.slot - b.slot);
      },
      pick(key: number, eligible: Eligible) {
        const candidates = backends.filter(eligible);
        return candidates[(key >>> 0) % candidates.length];
      },
      home: (key) => backends[(key >>> 0) % backends.length],
    };
  };
}

/**
 * A ring with one point for each backend: few keys move, but some backends own many times as many as others.
 */
export function plainRing(): StrategyFactory {
  return consistentHash({ pointsPerWeight: 1 });
}
