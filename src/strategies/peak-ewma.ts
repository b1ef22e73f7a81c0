import type { Backend, Strategy, StrategyFactory } from './strategy.ts';
import { TwoChoices } from './two-choices.ts';

/** Latencies below this are all the same: what differs is noise. */
const NOISE_MS = 1;

/** Settings of {@link peakEwma}. */
export interface PeakEwmaOptions {
  /** Time constant of the average, in milliseconds, above 0. @defaultValue 10,000 */
  readonly decayMs?: number;
  /** A failure counts as a response that took at least this long, in milliseconds: fast errors must not attract. @defaultValue 1,000 */
  readonly failureMs?: number;
}

/**
 * The less loaded of two random backends, where load is the expected wait: the latency's moving average, which jumps to peaks at
 * once and forgets them slowly, times requests in flight and this one. A backend never measured counts as the mean
 * of the others, and an idle one drifts back to that mean, so that nobody is shunned for ever; latencies below 1 ms count as
 * equal. Expected O(1).
 *
 * @throws RangeError where an option is not a positive number
 * @see Finagle, PeakEwma; Ousterhout's two choices as in {@link powerOfTwo}
 */
export function peakEwma({ decayMs = 10_000, failureMs = 1_000 }: PeakEwmaOptions = {}): StrategyFactory {
  for (const [name, value] of Object.entries({ decayMs, failureMs })) {
    if (!(value > 0 && value < Number.POSITIVE_INFINITY))
      throw new RangeError(`${name} must be a positive number, got ${value}`);
  }
  return ({ clock, random }): Strategy => {
    const latencies = new Latencies(decayMs);
    const choices = new TwoChoices(random, (backend) => {
      const expectedMs = Math.max(NOISE_MS, latencies.read(backend, clock.now()));
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
        choices.advance();
      },
      finished(lease, outcome) {
        if (outcome === 'cancelled') return;
        const now = clock.now();
        const tookMs = now - lease.startedAt;
        latencies.observe(lease.backend, outcome === 'failure' ? Math.max(tookMs, failureMs) : tookMs, now);
      },
    };
  };
}

/** Averages by slot, in typed arrays so that an observation makes no garbage. */
class Latencies {
  readonly #decayMs: number;
  #owners: (string | undefined)[] = [];
  #averages = new Float64Array(0);
  #observedAt = new Float64Array(0);
  /** Sum and number of the averages, for their mean. */
  #sum = 0;
  #measured = 0;

  constructor(decayMs: number) {
    this.#decayMs = decayMs;
  }

  update(backends: readonly Backend[]): void {
    const size = Math.max(0, ...backends.map((b) => b.slot + 1));
    const averages = new Float64Array(size).fill(Number.NaN);
    const observedAt = new Float64Array(size);
    const owners: (string | undefined)[] = [];
    for (const { id, slot } of backends) {
      owners[slot] = id;
      if (this.#owners[slot] !== id) continue;
      averages[slot] = this.#averages[slot] as number;
      observedAt[slot] = this.#observedAt[slot] as number;
    }
    const known = averages.filter((average) => !Number.isNaN(average));
    this.#owners = owners;
    this.#averages = averages;
    this.#observedAt = observedAt;
    this.#measured = known.length;
    this.#sum = known.reduce((sum, average) => sum + average, 0);
  }

  /** Milliseconds a response is expected to take; the mean of the pool where nothing is known. */
  read({ slot }: Backend, now: number): number {
    const mean = this.#measured === 0 ? 1 : this.#sum / this.#measured;
    const average = this.#averages[slot] as number;
    if (Number.isNaN(average)) return mean;
    return mean + (average - mean) * this.#remaining(slot, now);
  }

  observe({ id, slot }: Backend, tookMs: number, now: number): void {
    if (this.#owners[slot] !== id) return;
    const before = this.#averages[slot] as number;
    const remaining = this.#remaining(slot, now);
    const after =
      Number.isNaN(before) || tookMs > before ? tookMs : before * remaining + tookMs * (1 - remaining);
    this.#sum += after - (Number.isNaN(before) ? 0 : before);
    if (Number.isNaN(before)) this.#measured++;
    this.#averages[slot] = after;
    this.#observedAt[slot] = now;
  }

  #remaining(slot: number, now: number): number {
    return Math.exp(-Math.max(0, now - (this.#observedAt[slot] as number)) / this.#decayMs);
  }
}
