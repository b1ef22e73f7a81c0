// The strategy `least-workload`.

import { bag, checkBag } from '../options/bag.ts';
import { aNumber } from '../options/rule.ts';
import { FairTurns } from './fair-turns.ts';
import type { Backend, Strategy, StrategyFactory } from './strategy.ts';

/** Settings of {@link leastWorkload}. */
export interface LeastWorkloadOptions {
  /** How long a report is valid, in milliseconds. @defaultValue 180,000 (three minutes) */
  readonly expiryMs?: number;
}

const OPTIONS = bag<LeastWorkloadOptions>({ expiryMs: aNumber('a positive number', (ms) => ms > 0) });

/** The least workload that is assumed, so that a backend that reports 0 does not get all requests. */
const FLOOR = 0.01;

/**
 * The backend with the least expected workload relative to its weight: its last reported workload, times its
 * requests in flight plus one. The second factor keeps a backend from being overloaded between two reports. A
 * backend without a valid report counts with the mean of the others. Backends that tie take turns by weight.
 * O(backends).
 *
 * @throws RangeError if `expiryMs` is not a positive number
 * @see gRPC proposal A58 for the expiry and the mean
 */
export function leastWorkload(options: LeastWorkloadOptions = {}): StrategyFactory {
  checkBag(options, OPTIONS, 'leastWorkload');
  const { expiryMs = 180_000 } = options;
  return ({ clock }): Strategy => {
    const turns = new FairTurns();
    let backends: readonly Backend[] = [];

    function freshWorkload(backend: Backend, now: number): number | undefined {
      return backend.workload !== undefined && now - backend.reportedAt <= expiryMs
        ? backend.workload
        : undefined;
    }

    function meanWorkload(now: number): number {
      let sum = 0;
      let count = 0;
      for (const backend of backends) {
        const workload = freshWorkload(backend, now);
        if (workload === undefined) continue;
        sum += workload;
        count++;
      }
      return count === 0 ? 1 : sum / count;
    }

    return {
      name: 'least-workload',
      update(next) {
        backends = next;
        turns.update(next);
      },
      pick(_key, eligible) {
        const now = clock.now();
        const mean = meanWorkload(now);
        let best: Backend | undefined;
        let least = Number.POSITIVE_INFINITY;
        for (const backend of backends) {
          if (!eligible(backend)) continue;
          const workload = Math.max(FLOOR, freshWorkload(backend, now) ?? mean);
          const load = workload * (backend.inFlight / backend.weight + 1);
          if (best === undefined || load < least || (load === least && turns.isFirst(backend, best))) {
            best = backend;
            least = load;
          }
        }
        return best;
      },
      started: ({ backend }) => turns.record(backend),
    };
  };
}
