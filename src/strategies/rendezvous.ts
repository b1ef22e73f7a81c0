import { log } from '../elementary-functions.ts';
import { hashKey, KEY_SPACE, mix } from '../hashing/hash.ts';
import type { Backend, KeyedStrategy, StrategyFactory } from './strategy.ts';

const ANY = (): boolean => true;

/**
 * Rendezvous (highest random weight) hashing: each backend gets a score for the key, and the eligible backend
 * with the best score is picked. Shares follow the weights exactly, and a change of the pool or of a weight
 * moves as few keys as possible. It needs no table. A pick is O(backends), so it suits pools of up to about
 * ten.
 *
 * @see Thaler and Ravishankar, IEEE/ACM Transactions on Networking 6(1), 1998; for the weights Schindelhauer
 * and Schomaker, SPAA 2005
 */
export function rendezvous(): StrategyFactory {
  return rendezvousStrategy;
}

function rendezvousStrategy(): KeyedStrategy {
  let backends: readonly Backend[] = [];
  let seeds = new Int32Array(0);

  function pick(key: number, eligible: (backend: Backend) => boolean): Backend | undefined {
    let best: Backend | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < backends.length; i++) {
      const backend = backends[i] as Backend;
      if (!eligible(backend)) continue;
      const uniform = ((mix(key ^ (seeds[i] as number)) >>> 0) + 0.5) / KEY_SPACE;
      const score = -log(uniform) / backend.weight;
      if (score < least) {
        least = score;
        best = backend;
      }
    }
    return best;
  }

  return {
    name: 'rendezvous',
    update(next) {
      backends = [...next].sort((a, b) => (a.id < b.id ? -1 : 1));
      seeds = Int32Array.from(backends, (b) => hashKey(b.id, 0));
    },
    pick,
    home: (key) => pick(key, ANY),
  };
}
