import type { Backend, Eligible, Strategy, StrategyFactory } from './strategy.ts';

/**
 * Each backend in turn, in the order of the pool, from a random first one: many balancers that start together
 * do not all begin with the same backend. With unequal weights it uses the smooth order of nginx, in which
 * weights 5:1:1 give a a b a c a a. Adding or removing backends does not change the turns of the others. O(1)
 * with equal weights while the next backend is eligible, else O(backends).
 *
 * @see nginx, ngx_http_upstream_round_robin: smooth weighted round robin
 */
export function roundRobin(): StrategyFactory {
  return ({ random }): Strategy => {
    const plain = plainTurns(random);
    const smooth = smoothTurns(random);
    let turns: Turns = plain;
    return {
      name: 'round-robin',
      update(backends) {
        turns = backends.every((b) => b.weight === backends[0]?.weight) ? plain : smooth;
        plain.update(backends);
        smooth.update(backends);
      },
      pick: (_key, eligible) => turns.pick(eligible),
      // A session's request did not use up a turn.
      started({ backend }, isSticky = false) {
        if (!isSticky) turns.record(backend);
      },
    };
  };
}

/** A rule of taking turns. */
interface Turns {
  update(backends: readonly Backend[]): void;
  pick(eligible: Eligible): Backend | undefined;
  /** Counts the turn of the backend that was picked last. */
  record(backend: Backend): void;
}

/** For equal weights. */
function plainTurns(random: () => number): Turns {
  let backends: readonly Backend[] = [];
  let next = 0;
  /** Index of the last pick. */
  let picked = 0;
  return {
    update(updated) {
      const members = new Set(updated);
      const waiting = [...backends.slice(next), ...backends.slice(0, next)];
      const first = waiting.find((backend) => members.has(backend));
      next = first === undefined ? Math.floor(random() * updated.length) : updated.indexOf(first);
      backends = updated;
    },
    pick(eligible) {
      for (let step = 0; step < backends.length; step++) {
        const place = (next + step) % backends.length;
        const backend = backends[place] as Backend;
        if (!eligible(backend)) continue;
        picked = place;
        return backend;
      }
      return undefined;
    },
    record() {
      next = (picked + 1) % backends.length;
    },
  };
}

/** At most this many turns are taken in advance, to start at a random place of the order. */
const MOST_IN_ADVANCE = 1_000;

/** For unequal weights. */
function smoothTurns(random: () => number): Turns {
  let backends: readonly Backend[] = [];
  let credits = new Float64Array(0);
  let weights = new Float64Array(0);
  /** Which backends were eligible at the last pick: 1 or 0 by index. */
  let considered = new Uint8Array(0);
  const turns: Turns = {
    update(updated) {
      const isFirst = backends.length === 0;
      // In units of the weight: what a backend is owed, or owes, stays a part of one round. Only differences
      // between credits count, and they are taken from the mean: a common offset would be multiplied, too.
      const offset = meanOf(credits);
      const owed = new Map(
        backends.map((backend, place) => [
          backend,
          ((credits[place] as number) - offset) / (weights[place] as number),
        ]),
      );
      credits = Float64Array.from(updated, (backend) => (owed.get(backend) ?? 0) * backend.weight);
      const total = updated.reduce((sum, { weight }) => sum + weight, 0);
      const middle = meanOf(credits);
      credits = credits.map((credit) => Math.max(-total, Math.min(total, credit - middle)));
      weights = Float64Array.from(updated, ({ weight }) => weight);
      considered = new Uint8Array(updated.length);
      backends = updated;
      if (isFirst) startAnywhere();
    },
    pick(eligible) {
      let best: Backend | undefined;
      let most = Number.NEGATIVE_INFINITY;
      for (let place = 0; place < backends.length; place++) {
        const backend = backends[place] as Backend;
        considered[place] = eligible(backend) ? 1 : 0;
        const credit = (credits[place] as number) + backend.weight;
        if (considered[place] === 1 && credit > most) {
          best = backend;
          most = credit;
        }
      }
      return best;
    },
    record(picked) {
      let total = 0;
      for (let place = 0; place < backends.length; place++) {
        if (considered[place] !== 1) continue;
        const { weight } = backends[place] as Backend;
        credits[place] = (credits[place] as number) + weight;
        total += weight;
      }
      const place = backends.indexOf(picked);
      credits[place] = (credits[place] as number) - total;
    },
  };

  /** Takes a random part of one round in advance. For whole weights the order stays exactly what it was. */
  function startAnywhere(): void {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const round = Math.ceil(total / weights.reduce((least, weight) => Math.min(least, weight), total));
    const most = Math.min(round, Math.ceil((MOST_IN_ADVANCE * 64) / backends.length), MOST_IN_ADVANCE);
    for (let left = Math.floor(random() * most); left > 0; left--) {
      const backend = turns.pick(() => true);
      if (backend !== undefined) turns.record(backend);
    }
  }

  return turns;
}

function meanOf(numbers: Float64Array): number {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}
