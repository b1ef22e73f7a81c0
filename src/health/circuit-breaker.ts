import type { Guard, GuardControl, GuardFactory } from '../balancer/guard.ts';
import type { Backend, Outcome, StrategyLease } from '../strategies/strategy.ts';
import { BackendStates } from './backend-states.ts';
import { type BreakerSettings, type CircuitBreakerOptions, readBreakerOptions } from './breaker-options.ts';
import { FailureWindow, WINDOW_STEPS } from './failure-window.ts';
import { LeaseGeneration } from './lease-generation.ts';

/** Reading the clock costs as much as half of a decision, and successes may well be counted a bit too early. */
const REQUESTS_A_READING = 8;

/**
 * A circuit breaker for each backend. Closed, it counts; it opens when at a failure at least `minRequests` have ended in the
 * window, cancelled ones aside, and `failureRatio` of them failed. Open, its backend gets nothing for `openMs`. Half-open, it gets
 * one probe at a time: a success closes the breaker, a failure opens it for twice as long, up to `maxOpenMs`; a cancelled probe makes
 * room for the next.
 *
 * Only probes decide while it is not closed, and requests that were under way when it opened never count. A probe that has
 * lasted for `maxOpenMs` is a stream or a tunnel that works, and counts as a success. There is no rule for failures in a row:
 * that is what `outlierEjection` does, and `minRequests: 5, failureRatio: 1` comes close. Panic does not ignore a breaker.
 * O(1) a lease. The window moves on in tenths: at each failure, and at every eighth request that begins, so that no more
 * than seven successes may drop out of it early.
 *
 * @throws RangeError where an option is out of its range
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
  /** How often it has opened since it was last closed. */
  openings = 0;
  /** When it goes half-open, or, half-open, when its probe counts as a success; milliseconds of the clock. */
  until = Number.POSITIVE_INFINITY;
  probe: StrategyLease | undefined = undefined;
  /** Probes that succeeded in a row. */
  successes = 0;

  constructor(backend: Backend) {
    this.backend = backend;
    // Made for a lease that has just begun.
    this.generation = new LeaseGeneration(backend.inFlight - 1);
  }
}

class CircuitBreaker implements Guard {
  readonly isHealth = false;
  dueAt = Number.POSITIVE_INFINITY;
  /** Number of the step of time in which the windows stand. */
  #step = 0;
  /** How many requests may still begin before the clock is read for that. */
  #unread = 1;
  readonly #states: BackendStates<BreakerState>;
  /** Those that are not closed. */
  readonly #tripped = new Set<BreakerState>();
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

  started(lease: StrategyLease): void {
    const state = this.#states.ensure(lease.backend);
    state.generation.started(lease);
    if (--this.#unread === 0) this.#moveTo(this.#control.clock.now());
    if (state.phase === 'half-open') this.#probe(state, lease);
  }

  finished(lease: StrategyLease, outcome: Outcome): void {
    const state = this.#states.of(lease.backend);
    if (state === undefined || !state.generation.ended(lease)) return;
    if (state.phase !== 'closed') {
      if (state.probe === lease) this.#probed(state, outcome);
    } else if (outcome === 'success') state.window.count(this.#step, 0);
    else if (outcome === 'failure') this.#failed(state);
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

  /** Moves all windows on. */
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
