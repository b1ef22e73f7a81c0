import type { Backend, Strategy, StrategyFactory } from './strategy.ts';
import { TwoChoices } from './two-choices.ts';

/** Latencies below this count as equal: what differs is noise. */
const NOISE_MS = 1;
/** Latencies are compared in this many steps from each to its double, so that noise does not shut out one of two equals. */
const STEPS = 4;

/** Settings of {@link peakEwma}. */
export interface PeakEwmaOptions {
  /** Time constant with which a peak fades, in milliseconds, above 0. @defaultValue 10,000 */
  readonly decayMs?: number;
  /** A failure counts as a response that took at least this long, in milliseconds: fast errors must not attract. @defaultValue 1,000 */
  readonly failureMs?: number;
}

/**
 * The less loaded of two random backends, where load is the expected wait: the latency, whose peaks count at once and fade
 * slowly, times requests in flight and this one. A backend never measured counts as the mean of the others.
 * A backend that was slow is thus tried again in time. Latencies below 1 ms count
 * as equal, and so do those within about a fifth of each other. Expected O(1).
 *
 * @throws RangeError where an option is not a positive number
 * @see Finagle, PeakEwma
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
      const stepped = 2 ** (Math.round(STEPS * Math.log2(expectedMs)) / STEPS);
      return stepped * (backend.inFlight / backend.weight + 1);
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

/** Fading peaks by slot, in typed arrays so that an observation makes no garbage. */
class Latencies {
  readonly #decayMs: number;
  #owners: (string | undefined)[] = [];
  #peaks = new Float64Array(0);
  #observedAt = new Float64Array(0);
  /** Sum and number of the peaks, for their mean. */
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

  /** Milliseconds a response is expected to take; the mean of the pool where nothing is known. */
  read({ slot }: Backend, now: number): number {
    const peak = this.#peaks[slot] as number;
    if (Number.isNaN(peak)) return this.#measured === 0 ? NOISE_MS : this.#sum / this.#measured;
    return peak * this.#remaining(slot, now);
  }

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

  #remaining(slot: number, now: number): number {
    return Math.exp(-Math.max(0, now - (this.#observedAt[slot] as number)) / this.#decayMs);
  }
}
