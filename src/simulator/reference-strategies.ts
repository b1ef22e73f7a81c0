// Strategies that are not for use: they show what the others improve.
import { hashKey } from '../hashing/hash.ts';
import { consistentHash } from '../strategies/consistent-hash.ts';
import type { Backend, Strategy, StrategyFactory } from '../strategies/strategy.ts';

/**
 * The hash of the key modulo the number of backends that may serve. When that number changes, nearly all keys
 * move. O(backends). It is told the key beside the contract: a strategy with keys has homes that do not
 * depend on health.
 */
export class HashModN {
  #hash = 0;

  /** Called with the key of each request before its backend is chosen, and the seed of the placement. */
  see(key: string, seed: number): void {
    this.#hash = hashKey(key, seed) >>> 0;
  }

  readonly factory: StrategyFactory = (): Strategy => {
    let backends: readonly Backend[] = [];
    return {
      name: 'hash-mod-n',
      update(next) {
        backends = [...next].sort((a, b) => a.slot - b.slot);
      },
      pick: (_key, eligible) => {
        const candidates = backends.filter(eligible);
        return candidates[this.#hash % candidates.length];
      },
    };
  };
}

/**
 * A ring with one point for each backend: few keys move, but some backends own many times as many as others.
 */
export function plainRing(): StrategyFactory {
  return consistentHash({ pointsPerWeight: 1 });
}

/**
 * Each backend in turn, from the first one of the pool: many young balancers all send their first request
 * there.
 */
export function roundRobinFromFirst(): StrategyFactory {
  return (): Strategy => {
    let backends: readonly Backend[] = [];
    let turn = 0;
    return {
      name: 'round-robin-from-first',
      update(next) {
        backends = [...next].sort((a, b) => a.slot - b.slot);
      },
      pick(_key, eligible) {
        for (let i = 0; i < backends.length; i++) {
          const backend = backends[(turn + i) % backends.length] as Backend;
          if (eligible(backend)) return backend;
        }
        return undefined;
      },
      started() {
        turn++;
      },
    };
  };
}
