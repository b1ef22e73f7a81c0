// The guard `circuitBreaker`: opens for a backend of which too many requests fail, and probes it until it
// recovers.

import type { Guard, GuardControl, GuardFactory, GuardLease } from '../balancer/guard.ts';
import type { Failure } from '../balancer/lease.ts';
import type { Backend, Outcome, StrategyLease } from '../strategies/strategy.ts';
import { BackendStates } from './backend-states.ts';
import { type BreakerSettings, type CircuitBreakerOptions, readBreakerOptions } from './breaker-options.ts';
import { FailureWindow, WINDOW_STEPS } from './failure-window.ts';
import { LeaseGeneration } from './lease-generation.ts';

/** The clock is read at every eighth request only, as reading it costs half as much as a decision. */
const REQUESTS_A_READING = 8;

/**
 * A circuit breaker for each backend, with three states:
 * - closed: requests are counted. The breaker opens at a failure if at least `minRequests` ended in the
 *   window and at least
 *   `failureRatio` of them failed; cancelled and rejected requests do not count;
 * - open: the backend gets no requests for `openMs`;
 * - half-open: the backend gets one probe at a time. After `probes` successes in a row the breaker closes. A
 *   failure opens it for
 *   twice as long as before, up to `maxOpenMs`. After a cancelled or rejected probe the next one is sent.
 *
 * A response that is late may be the request's own fault, as that of a long poll is. Of a backend that passes
 * its health checks it counts only if another backend served the request in time; as a probe, it counts.
 *
 * While the breaker is not closed, only probes count. Requests that were in flight when it opened never
 * count. A probe that lasts for `maxOpenMs` counts as a success: it is a working stream or tunnel. For a rule
 * on failures in a row use `outlierEjection`; `minRequests: 5, failureRatio: 1` comes close. Panic does not
 * override a breaker. O(1) for each lease. The window moves on in tenths, at each failure and at every eighth
 * request that begins, so at most seven successes may be counted in a tenth too early.
 *
 * @throws RangeError if an option is out of its range
 * @see {@link https://martinfowler.com/bliki/CircuitBreaker.html | Fowler, CircuitBreaker}
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): GuardFactory {
  const settings = readBreakerOptions(options);
  return (control) => new CircuitBreaker(control, settings);
}

/** The breaker of one backend. */
class BreakerState {
  readonly backend: Backend;
  readonly generation: LeaseGeneration;
  readonly window = new FailureWindow();
  phase: 'closed' | 'open' | 'half-open' = 'closed';
  /** How often it opened since it was last closed. */
  openings = 0;
  /**
   * Open: when it becomes half-open. Half-open: when the probe counts as a success. Milliseconds of the
   * clock.
   */
  until = Number.POSITIVE_INFINITY;
  probe: StrategyLease | undefined = undefined;
  /** Probes that succeeded in a row. */
  successes = 0;

  constructor(backend: Backend) {
    this.backend = backend;
    // The state is created when the first lease begins, and `inFlight` already includes that lease.
    this.generation = new LeaseGeneration(backend.inFlight - 1);
  }
}

class CircuitBreaker implements Guard {
  readonly isHealth = false;
  readonly learnsOrigins = true;
  dueAt = Number.POSITIVE_INFINITY;
  /** Number of the current tenth of the window. */
  #step = 0;
  /** How many more requests may begin before the clock is read to update `#step`. */
  #unread = 1;
  readonly #states: BackendStates<BreakerState>;
  /** The breakers that are not closed. */
  readonly #tripped = new Set<BreakerState>();
  /** Failures that the result of another attempt is to judge, by the lease of the attempt that failed. */
  readonly #suspicions = new WeakMap<GuardLease, BreakerState>();
  readonly #control: GuardControl;
  readonly #settings: BreakerSettings;
  readonly #stepMs: number;

  constructor(control: GuardControl, settings: BreakerSettings) {
    this.#control = control;
    this.#settings = settings;
    this.#stepMs = settings.windowMs / WINDOW_STEPS;
    this.#states = new BackendStates(
      control,
      (backend) => new BreakerState(backend),
      (state) => this.#tripped.delete(state),
    );
  }

  started(lease: GuardLease): void {
    const state = this.#states.ensure(lease.backend);
    state.generation.started(lease);
    if (--this.#unread === 0) this.#moveTo(this.#control.clock.now());
    if (state.phase === 'half-open') this.#probe(state, lease);
  }

  responded(lease: GuardLease, isFailure: boolean): void {
    if (!isFailure) this.#judgePrevious(lease);
  }

  finished(lease: GuardLease, outcome: Outcome, failure?: Failure): void {
    if (outcome === 'success') this.#judgePrevious(lease);
    const state = this.#states.of(lease.backend);
    if (state === undefined || !state.generation.ended(lease)) return;
    if (state.phase !== 'closed') {
      if (state.probe === lease) this.#probed(state, outcome);
    } else if (outcome === 'success') state.window.count(this.#step, 0);
    else if (outcome === 'failure') {
      const isDoubtful = failure?.cause === 'late' && this.#control.passesChecks(state.backend) === true;
      if (!isDoubtful) this.#failed(state);
      else if (failure.isRetried) this.#suspicions.set(lease, state);
    }
  }

  /** A request that was late elsewhere has been served in time here. */
  #judgePrevious({ origin }: GuardLease): void {
    const state = origin?.previous && this.#suspicions.get(origin.previous);
    if (state === undefined) return;
    this.#suspicions.delete(origin?.previous as GuardLease);
    if (state.phase === 'closed') this.#failed(state);
  }

  advance(now: number): void {
    for (const state of this.#tripped) {
      if (state.until > now) continue;
      if (state.phase === 'open') this.#halfOpen(state);
      else this.#probed(state, 'success');
    }
    this.dueAt = Number.POSITIVE_INFINITY;
    for (const { until } of this.#tripped) this.dueAt = Math.min(this.dueAt, until);
  }

  verdict(backend: Backend): string {
    const state = this.#states.of(backend);
    if (state?.phase !== 'open') return 'breaker half-open, probing';
    const leftMs = Math.max(0, state.until - this.#control.clock.now());
    return `breaker open for another ${(leftMs / 1_000).toFixed(1)} s`;
  }

  /** Moves all windows on to a time. */
  #moveTo(now: number): void {
    this.#step = Math.floor(now / this.#stepMs);
    this.#unread = REQUESTS_A_READING;
  }

  #failed(state: BreakerState): void {
    const now = this.#control.clock.now();
    this.#moveTo(now);
    const { window } = state;
    window.count(this.#step, 1);
    const { minRequests, failureRatio } = this.#settings;
    if (window.ended >= minRequests && window.failed >= failureRatio * window.ended) this.#open(state, now);
  }

  #probe(state: BreakerState, lease: StrategyLease): void {
    state.probe = lease;
    state.until = this.#control.clock.now() + this.#settings.maxOpenMs;
    this.dueAt = Math.min(this.dueAt, state.until);
    this.#control.bar(state.backend, true);
  }

  #probed(state: BreakerState, outcome: Outcome): void {
    if (outcome === 'failure') {
      this.#open(state, this.#control.clock.now());
      return;
    }
    state.probe = undefined;
    state.until = Number.POSITIVE_INFINITY;
    if (outcome === 'success' && ++state.successes >= this.#settings.probes) this.#close(state);
    else this.#control.bar(state.backend, false);
  }

  #open(state: BreakerState, now: number): void {
    const { backend } = state;
    const { openMs, maxOpenMs } = this.#settings;
    state.phase = 'open';
    state.probe = undefined;
    state.until = now + Math.min(openMs * 2 ** state.openings++, maxOpenMs);
    state.generation.renew(backend.inFlight);
    state.window.clear();
    this.#tripped.add(state);
    this.dueAt = Math.min(this.dueAt, state.until);
    this.#control.bar(backend, true);
    this.#control.emit({ type: 'opened', backend: backend.id });
  }

  #halfOpen(state: BreakerState): void {
    state.phase = 'half-open';
    state.successes = 0;
    state.until = Number.POSITIVE_INFINITY;
    this.#control.bar(state.backend, false);
    this.#control.emit({ type: 'half-open', backend: state.backend.id });
  }

  #close(state: BreakerState): void {
    state.phase = 'closed';
    state.openings = 0;
    this.#tripped.delete(state);
    this.#control.bar(state.backend, false);
    this.#control.emit({ type: 'closed', backend: state.backend.id });
  }
}
