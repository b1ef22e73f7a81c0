// The strategy `least-workload`.

import { bag, checkBag } from '../options/bag.ts';
import { aNumber } from '../options/rule.ts';
import { BackendHeap } from './backend-heap.ts';
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
 * Shares requests by inverse workload: a backend that reports half the workload of another gets twice its
 * requests, times the weights. The shares do not depend on how often backends report, as each gets its share
 * between two reports, too. A new report counts as much as all earlier ones together, so that shares settle
 * instead of swinging. A backend without a valid report counts with the mean of the others. Turns are kept by
 * stride scheduling, with a random first turn. O(log n).
 *
 * @throws RangeError if `expiryMs` is not a positive number
 * @see gRPC proposal A58 for weights by reported use, the expiry and the mean
 */
export function leastWorkload(options: LeastWorkloadOptions = {}): StrategyFactory {
  checkBag(options, OPTIONS, 'leastWorkload');
  const { expiryMs = 180_000 } = options;
  return ({ clock, random }): Strategy => {
    const shares = new Shares(expiryMs, random);
    const heap = new BackendHeap((a, b) => shares.isFirst(a, b));
    return {
      name: 'least-workload',
      update(backends) {
        shares.update(backends);
        heap.update(backends);
      },
      pick: (_key, eligible) => heap.best(eligible),
      started({ backend }) {
        shares.took(backend, clock.now());
        heap.moved(backend);
      },
    };
  };
}

/** A backend's place in the order of turns, and what its reports say. */
interface Turn {
  readonly id: string;
  /** Virtual time of its next turn. */
  pass: number;
  /** The weight that set the distance to its next turn. */
  weight: number;
  /** Reciprocal of the workload, averaged over reports; 0 before the first one. */
  idleness: number;
  /** Time of the report that was counted last. */
  reportedAt: number;
}

/** Stride scheduling by weight and reported workload. */
class Shares {
  readonly #expiryMs: number;
  readonly #random: () => number;
  /** By slot. */
  #turns: (Turn | undefined)[] = [];
  /** Virtual time of the latest turn. */
  #present = 0;
  /** Sum and number of the idlenesses that are known, for their mean. */
  #sum = 0;
  #known = 0;

  constructor(expiryMs: number, random: () => number) {
    this.#expiryMs = expiryMs;
    this.#random = random;
  }

  update(backends: readonly Backend[]): void {
    const turns: (Turn | undefined)[] = [];
    for (const { id, slot, weight } of backends) {
      const turn = this.#turns[slot];
      if (turn?.id === id) {
        turn.pass = this.#present + ((turn.pass - this.#present) * turn.weight) / weight;
        turn.weight = weight;
        turns[slot] = turn;
      } else {
        const pass = this.#present + this.#random() / weight;
        turns[slot] = { id, pass, weight, idleness: 0, reportedAt: Number.NEGATIVE_INFINITY };
      }
    }
    this.#turns = turns;
    this.#sum = 0;
    this.#known = 0;
    for (const turn of turns) {
      if (turn === undefined || turn.idleness === 0) continue;
      this.#sum += turn.idleness;
      this.#known++;
    }
  }

  isFirst(a: Backend, b: Backend): boolean {
    const difference = (this.#turns[a.slot] as Turn).pass - (this.#turns[b.slot] as Turn).pass;
    return difference === 0 ? a.slot < b.slot : difference < 0;
  }

  /** Counts a turn of a backend. */
  took(backend: Backend, now: number): void {
    const turn = this.#turns[backend.slot];
    if (turn?.id !== backend.id) return;
    this.#read(turn, backend, now);
    this.#present = Math.max(this.#present, turn.pass);
    turn.pass = this.#present + this.#mean() / ((turn.idleness || this.#mean()) * turn.weight);
  }

  #mean(): number {
    return this.#known === 0 ? 1 : this.#sum / this.#known;
  }

  /** Takes over the report of a backend, if there is a new one; drops the old one when it expires. */
  #read(turn: Turn, { workload, reportedAt }: Backend, now: number): void {
    const isFresh = workload !== undefined && now - reportedAt <= this.#expiryMs;
    if (isFresh && reportedAt === turn.reportedAt && turn.idleness !== 0) return;
    const told = isFresh ? 1 / Math.max(FLOOR, workload) : 0;
    // The geometric mean: where use follows the requests, the shares that are due would otherwise swing from
    // one report to the next.
    const next = told === 0 || turn.idleness === 0 ? told : Math.sqrt(turn.idleness * told);
    this.#known += Number(next !== 0) - Number(turn.idleness !== 0);
    this.#sum = this.#known === 0 ? 0 : this.#sum + next - turn.idleness;
    turn.idleness = next;
    turn.reportedAt = reportedAt;
  }
}
