// The strategy `peak-ewma`.

import { exp } from '../elementary-functions.ts';
import { bag, checkBag } from '../options/bag.ts';
import { aPositive } from '../options/rule.ts';
import { inSteps, NOISE_MS } from './latency-steps.ts';
import type { Backend, Strategy, StrategyFactory } from './strategy.ts';
import { TwoChoices } from './two-choices.ts';

/** Settings of {@link peakEwma}. */
export interface PeakEwmaOptions {
  /**
   * Time constant of the exponential decay of a latency peak, in milliseconds, above 0.
   * @defaultValue 10,000
   */
  readonly decayMs?: number;
  /**
   * A failure counts as a response that took at least this long, in milliseconds, so that fast errors do not
   * attract requests.
   * @defaultValue 1,000
   */
  readonly failureMs?: number;
}

const OPTIONS = bag<PeakEwmaOptions>({ decayMs: aPositive, failureMs: aPositive });

/**
 * The less loaded of two random backends. The load is the expected wait: latency times requests in flight
 * plus one. A higher latency counts at once and decays exponentially, so that a backend that was slow is
 * tried again after a while. A backend without a measurement counts with the mean of the others. Latencies
 * below 1 ms count as equal, and so do latencies that differ by less than about a fifth. Expected O(1).
 *
 * @throws RangeError if an option is not a positive number
 * @see Finagle, PeakEwma
 */
export function peakEwma(options: PeakEwmaOptions = {}): StrategyFactory {
  checkBag(options, OPTIONS, 'peakEwma');
  const { decayMs = 10_000, failureMs = 1_000 } = options;
  return ({ clock, random }): Strategy => {
    const latencies = new Latencies(decayMs);
    const choices = new TwoChoices(random, (backend) => {
      const expectedMs = inSteps(latencies.read(backend, clock.now()));
      return expectedMs * (backend.inFlight / backend.weight + 1);
    });
    return {
      name: 'peak-ewma',
      update(backends) {
        choices.update(backends);
        latencies.update(backends);
      },
      pick: (_key, eligible) => choices.pick(eligible),
      started(lease) {
        lease.startedAt = clock.now();
        choices.redraw();
      },
      finished(lease, outcome) {
        if (outcome === 'cancelled' || outcome === 'rejected') return;
        const now = clock.now();
        const tookMs = now - lease.startedAt;
        latencies.observe(lease.backend, outcome === 'failure' ? Math.max(tookMs, failureMs) : tookMs, now);
      },
    };
  };
}

/** Decaying latency peaks by slot, in typed arrays, so that an observation allocates nothing. */
class Latencies {
  readonly #decayMs: number;
  #owners: (string | undefined)[] = [];
  #peaks = new Float64Array(0);
  #observedAt = new Float64Array(0);
  /** Sum and number of the peaks, from which their mean is computed. */
  #sum = 0;
  #measured = 0;

  constructor(decayMs: number) {
    this.#decayMs = decayMs;
  }

  update(backends: readonly Backend[]): void {
    const size = Math.max(0, ...backends.map((b) => b.slot + 1));
    const peaks = new Float64Array(size).fill(Number.NaN);
    const observedAt = new Float64Array(size);
    const owners: (string | undefined)[] = [];
    for (const { id, slot } of backends) {
      owners[slot] = id;
      if (this.#owners[slot] !== id) continue;
      peaks[slot] = this.#peaks[slot] as number;
      observedAt[slot] = this.#observedAt[slot] as number;
    }
    const known = peaks.filter((peak) => !Number.isNaN(peak));
    this.#owners = owners;
    this.#peaks = peaks;
    this.#observedAt = observedAt;
    this.#measured = known.length;
    this.#sum = known.reduce((sum, peak) => sum + peak, 0);
  }

  /** The expected latency of a backend in milliseconds; the mean of the pool if it was not measured yet. */
  read({ slot }: Backend, now: number): number {
    const peak = this.#peaks[slot] as number;
    if (Number.isNaN(peak)) return this.#measured === 0 ? NOISE_MS : this.#sum / this.#measured;
    return peak * this.#remaining(slot, now);
  }

  /** Records that a response took `tookMs` milliseconds. */
  observe({ id, slot }: Backend, tookMs: number, now: number): void {
    if (this.#owners[slot] !== id) return;
    const before = this.#peaks[slot] as number;
    const known = !Number.isNaN(before);
    const after = known ? Math.max(tookMs, before * this.#remaining(slot, now)) : tookMs;
    this.#sum += known ? after - before : after;
    if (!known) this.#measured++;
    this.#peaks[slot] = after;
    this.#observedAt[slot] = now;
  }

  /** The part of a peak that is left after its decay, from 0 to 1. */
  #remaining(slot: number, now: number): number {
    return exp(-Math.max(0, now - (this.#observedAt[slot] as number)) / this.#decayMs);
  }
}
