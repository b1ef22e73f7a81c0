// The strategy `least-time`.

import { exp } from '../elementary-functions.ts';
import { bag, checkBag } from '../options/bag.ts';
import { aPositive } from '../options/rule.ts';
import { FairTurns } from './fair-turns.ts';
import { inSteps, NOISE_MS } from './latency-steps.ts';
import type { Backend, Eligible, Strategy, StrategyFactory } from './strategy.ts';
import { drawNumber, WeightedDraw } from './weighted-draw.ts';

/** Settings of {@link leastTime}. */
export interface LeastTimeOptions {
  /** Time constant of the moving average of latencies, in milliseconds, above 0. @defaultValue 1,000 */
  readonly decayMs?: number;
  /**
   * A failure counts as a response that took at least this long, in milliseconds, so that fast errors do not
   * attract requests.
   * @defaultValue 1,000
   */
  readonly failureMs?: number;
}

const OPTIONS = bag<LeastTimeOptions>({ decayMs: aPositive, failureMs: aPositive });

/** Up to this many backends, all are compared. */
const SMALL_POOL = 64;
/** How many backends are drawn and compared in a larger pool. */
const DRAWS = 8;
/** For how many time constants an average is used after the last measurement. */
const VALID = 10;

/**
 * The backend with the shortest expected time: a moving average of its latency, times its requests in flight
 * plus one, relative to its weight. All backends are compared in pools of up to 64, eight random ones in
 * larger pools. A backend without a measurement in ten time constants counts with the mean of the others, so
 * that one that was slow is tried again. Ties take turns by weight, and latencies that differ by less than
 * about a fifth are a tie.
 *
 * It finds differences of speed best. Do not use it if few requests take very much longer than the others:
 * one of them makes its backend look slow. Then `least-connections` is better.
 *
 * @throws RangeError if an option is not a positive number
 */
export function leastTime(options: LeastTimeOptions = {}): StrategyFactory {
  checkBag(options, OPTIONS, 'leastTime');
  const { decayMs = 1_000, failureMs = 1_000 } = options;
  return ({ clock, random }): Strategy => {
    const latencies = new Averages(decayMs);
    const turns = new FairTurns(random);
    const draws = new Draws(random);
    let backends: readonly Backend[] = [];

    function best(candidates: Iterable<Backend>, eligible: Eligible): Backend | undefined {
      let found: Backend | undefined;
      let least = Number.POSITIVE_INFINITY;
      for (const backend of candidates) {
        if (backend === found || !eligible(backend)) continue;
        const time = latencies.read(backend) * (backend.inFlight / backend.weight + 1);
        if (time > least || (time === least && found !== undefined && !turns.isFirst(backend, found)))
          continue;
        found = backend;
        least = time;
      }
      return found;
    }

    return {
      name: 'least-time',
      update(next) {
        backends = next;
        latencies.update(next);
        turns.update(next);
        draws.update(next);
      },
      pick(_key, eligible) {
        const drawn = backends.length <= SMALL_POOL ? undefined : best(draws.drawn(), eligible);
        return drawn ?? best(backends, eligible);
      },
      started(lease) {
        lease.startedAt = clock.now();
        latencies.forgetOld(lease.startedAt);
        turns.began(lease.backend);
        draws.redraw();
      },
      finished(lease, outcome) {
        turns.finished(lease.backend);
        if (outcome !== 'success' && outcome !== 'failure') return;
        const now = clock.now();
        const tookMs = now - lease.startedAt;
        latencies.observe(lease.backend, outcome === 'failure' ? Math.max(tookMs, failureMs) : tookMs, now);
      },
    };
  };
}

/**
 * The random backends that the next pick compares; drawn in advance, so that a dry run sees the same ones.
 */
class Draws {
  readonly #draw = new WeightedDraw();
  readonly #numbers = new Int32Array(DRAWS);
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
    this.redraw();
  }

  update(backends: readonly Backend[]): void {
    this.#draw.update(backends);
  }

  redraw(): void {
    for (let i = 0; i < DRAWS; i++) this.#numbers[i] = drawNumber(this.#random);
  }

  *drawn(): Generator<Backend> {
    for (const number of this.#numbers) {
      const backend = this.#draw.at(number);
      if (backend !== undefined) yield backend;
    }
  }
}

/** Moving averages of latencies by slot, in typed arrays, so that an observation allocates nothing. */
class Averages {
  readonly #decayMs: number;
  #owners: (string | undefined)[] = [];
  /** NaN before the first measurement. */
  #averages = new Float64Array(0);
  /** The averages in steps, as they are compared. */
  #stepped = new Float64Array(0);
  #observedAt = new Float64Array(0);
  /** Sum and number of the averages, for their mean. */
  #sum = 0;
  #measured = 0;
  #looked = 0;

  constructor(decayMs: number) {
    this.#decayMs = decayMs;
  }

  update(backends: readonly Backend[]): void {
    const size = backends.reduce((most, { slot }) => Math.max(most, slot + 1), 0);
    const averages = new Float64Array(size).fill(Number.NaN);
    const stepped = new Float64Array(size);
    const observedAt = new Float64Array(size);
    const owners: (string | undefined)[] = [];
    this.#sum = 0;
    this.#measured = 0;
    for (const { id, slot } of backends) {
      owners[slot] = id;
      if (this.#owners[slot] !== id) continue;
      const average = this.#averages[slot] as number;
      averages[slot] = average;
      stepped[slot] = this.#stepped[slot] as number;
      observedAt[slot] = this.#observedAt[slot] as number;
      if (Number.isNaN(average)) continue;
      this.#sum += average;
      this.#measured++;
    }
    this.#owners = owners;
    this.#averages = averages;
    this.#stepped = stepped;
    this.#observedAt = observedAt;
  }

  /** The expected latency of a backend in milliseconds; the mean of the others if it was not measured. */
  read({ slot }: Backend): number {
    if (!Number.isNaN(this.#averages[slot] as number)) return this.#stepped[slot] as number;
    return this.#measured === 0 ? NOISE_MS : inSteps(this.#sum / this.#measured);
  }

  /** Forgets the average of the slot whose turn it is, if it is too old. Each call looks at one slot. */
  forgetOld(now: number): void {
    if (this.#averages.length === 0) return;
    const slot = (this.#looked = (this.#looked + 1) % this.#averages.length);
    const average = this.#averages[slot] as number;
    if (Number.isNaN(average) || now - (this.#observedAt[slot] as number) <= VALID * this.#decayMs) return;
    this.#averages[slot] = Number.NaN;
    this.#measured--;
    this.#sum = this.#measured === 0 ? 0 : this.#sum - average;
  }

  /** Records that a response took `tookMs` milliseconds. */
  observe({ id, slot }: Backend, tookMs: number, now: number): void {
    if (this.#owners[slot] !== id) return;
    const before = this.#averages[slot] as number;
    const isKnown = !Number.isNaN(before);
    const kept = isKnown ? exp(-Math.max(0, now - (this.#observedAt[slot] as number)) / this.#decayMs) : 0;
    const after = isKnown ? before * kept + tookMs * (1 - kept) : tookMs;
    this.#sum += isKnown ? after - before : after;
    if (!isKnown) this.#measured++;
    this.#averages[slot] = after;
    this.#stepped[slot] = inSteps(after);
    this.#observedAt[slot] = now;
  }
}
