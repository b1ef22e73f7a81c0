// The guard `outlierEjection`: ejects backends whose requests fail, for a while.

import type { Guard, GuardControl, GuardFactory } from '../balancer/guard.ts';
import type { Backend, Outcome, StrategyLease } from '../strategies/strategy.ts';
import { BackendStates } from './backend-states.ts';
import {
  type EjectionSettings,
  type OutlierEjectionOptions,
  readEjectionOptions,
} from './ejection-options.ts';
import { LeaseGeneration } from './lease-generation.ts';
import { outliersOf } from './success-rate.ts';

/** Rounding tolerance for a share of the pool that should be an integer. */
const EPSILON = 1e-9;

/**
 * Ejects a backend, which then gets no requests for a while, by two rules:
 * - consecutive failures: `consecutiveFailures` requests failed in a row;
 * - success rate: in an interval, the backend failed clearly more often than the others. An interval begins
 *   with a failure.
 *
 * Cancelled and rejected requests do not count. An ejection lasts `baseMs` times the number of ejections in
 * a row, and that number falls by one for each interval without an ejection. The count of failures in a row
 * goes on after an ejection: a backend that comes back and fails at once is ejected at once, and a success
 * resets the count. Requests that were in flight at the ejection do not count. At most `maxEjectedRatio` of
 * the pool is ejected, and never the last eligible backend. O(1) for each lease, O(n) for each ejection and
 * interval.
 * Ejections mean "unhealthy": an ejected backend is asked only where no other is left, and tried in a crisis.
 *
 * @throws RangeError if an option is out of its range
 * @see
 * {@link https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier | Envoy, outlier detection}
 */
export function outlierEjection(options: OutlierEjectionOptions = {}): GuardFactory {
  const settings = readEjectionOptions(options);
  return (control) => new OutlierEjection(control, settings);
}

/** The state of one backend. */
class EjectionState {
  readonly backend: Backend;
  readonly generation: LeaseGeneration;
  /** Failures in a row. */
  run = 0;
  /** Number of the interval that `requests` and `failures` belong to. */
  interval = 0;
  /** Requests that ended in the interval. */
  requests = 0;
  /** Requests of the interval that failed. */
  failures = 0;
  /** Ejections in a row. */
  ejections = 0;
  isEjected = false;
  /** End of its last ejection, in milliseconds of the clock. */
  until = Number.NEGATIVE_INFINITY;

  constructor(backend: Backend) {
    this.backend = backend;
    // The state is created when the first lease begins, and `inFlight` already includes that lease.
    this.generation = new LeaseGeneration(backend.inFlight - 1);
  }
}

class OutlierEjection implements Guard {
  readonly isHealth = true;
  dueAt = Number.POSITIVE_INFINITY;
  /** Number of the current interval. */
  #interval = 0;
  /** End of the current interval; `Infinity` until a failure begins one. */
  #intervalEnd = Number.POSITIVE_INFINITY;
  readonly #states: BackendStates<EjectionState>;
  readonly #ejected = new Set<EjectionState>();
  readonly #control: GuardControl;
  readonly #settings: EjectionSettings;
  readonly #comparesRates: boolean;

  constructor(control: GuardControl, settings: EjectionSettings) {
    this.#control = control;
    this.#settings = settings;
    this.#comparesRates = settings.successRate.minBackends !== Number.POSITIVE_INFINITY;
    this.#states = new BackendStates(
      control,
      (backend) => new EjectionState(backend),
      (state) => this.#ejected.delete(state),
    );
  }

  started(lease: StrategyLease): void {
    this.#states.ensure(lease.backend).generation.started(lease);
  }

  finished(lease: StrategyLease, outcome: Outcome): void {
    const state = this.#states.of(lease.backend);
    if (state === undefined || !state.generation.ended(lease)) return;
    if (outcome === 'success') {
      state.run = 0;
      this.#count(state, 0);
    } else if (outcome === 'failure') this.#failed(state);
  }

  advance(now: number): void {
    const back = [...this.#ejected].filter(({ until }) => until <= now);
    const intervalEnded = this.#intervalEnd <= now;
    if (intervalEnded) this.#intervalEnd = Number.POSITIVE_INFINITY;
    for (const state of back) this.#return(state);
    if (intervalEnded) this.#compareRates(now);
    this.dueAt = this.#intervalEnd;
    for (const { until } of this.#ejected) this.dueAt = Math.min(this.dueAt, until);
  }

  verdict(backend: Backend): string {
    const left = (this.#states.of(backend)?.until ?? 0) - this.#control.clock.now();
    return `ejected for another ${(Math.max(0, left) / 1_000).toFixed(1)} s`;
  }

  #failed(state: EjectionState): void {
    const now = this.#control.clock.now();
    if (this.#intervalEnd === Number.POSITIVE_INFINITY && this.#comparesRates) this.#beginInterval(now);
    this.#count(state, 1);
    if (++state.run >= this.#settings.consecutiveFailures) this.#eject(state, 'consecutive failures', now);
  }

  #beginInterval(now: number): void {
    this.#interval++;
    this.#intervalEnd = now + this.#settings.intervalMs;
    this.dueAt = Math.min(this.dueAt, this.#intervalEnd);
  }

  #count(state: EjectionState, failures: 0 | 1): void {
    if (state.interval !== this.#interval) {
      state.interval = this.#interval;
      state.requests = 0;
      state.failures = 0;
    }
    state.requests++;
    state.failures += failures;
  }

  #compareRates(now: number): void {
    const compared = [...this.#states].filter(
      ({ isEjected, interval }) => !isEjected && interval === this.#interval,
    );
    const outliers = outliersOf(compared, this.#settings.successRate);
    for (const state of outliers) this.#eject(state, 'success rate', now);
  }

  #eject(state: EjectionState, reason: 'consecutive failures' | 'success rate', now: number): void {
    const { backend } = state;
    if (state.isEjected || !this.#mayEject(backend)) return;
    const { baseMs, intervalMs } = this.#settings;
    const healthyIntervals = Math.floor(Math.max(0, now - state.until) / intervalMs);
    state.ejections = Math.max(0, state.ejections - healthyIntervals) + 1;
    const forMs = this.#jittered(baseMs * state.ejections);
    state.isEjected = true;
    state.until = now + forMs;
    state.generation.renew(backend.inFlight);
    this.#ejected.add(state);
    this.dueAt = Math.min(this.dueAt, state.until);
    this.#control.bar(backend, true);
    this.#control.emit({ type: 'ejected', backend: backend.id, reason, forMs });
  }

  #return(state: EjectionState): void {
    // An event listener may have caused this return already.
    if (!this.#ejected.delete(state)) return;
    state.isEjected = false;
    this.#control.bar(state.backend, false);
    this.#control.emit({ type: 'returned', backend: state.backend.id });
  }

  #mayEject(backend: Backend): boolean {
    const { backends } = this.#control;
    return (
      this.#ejected.size + 1 <= this.#settings.maxEjectedRatio * backends.length + EPSILON &&
      backends.some((other) => other !== backend && this.#control.isWell(other))
    );
  }

  /** A random duration around `fullMs` within the jitter, at most `maxMs`. */
  #jittered(fullMs: number): number {
    const { maxMs, jitter } = this.#settings;
    const middleMs = Math.min(fullMs, maxMs);
    const leastMs = middleMs * (1 - jitter);
    const mostMs = Math.min(maxMs, middleMs * (1 + jitter));
    return leastMs + (jitter === 0 ? 0 : this.#control.random() * (mostMs - leastMs));
  }
}
