// The guard `outlierEjection`: ejects backends whose requests fail, for a while.

import type { CheckResult } from '../balancer/check-result.ts';
import type { Guard, GuardControl, GuardFactory, GuardLease } from '../balancer/guard.ts';
import type { Failure, FailureCause } from '../balancer/lease.ts';
import { hashKey } from '../hashing/hash.ts';
import type { Backend, Outcome } from '../strategies/strategy.ts';
import { BackendStates } from './backend-states.ts';
import { CoarseClock } from './coarse-clock.ts';
import {
  type EjectionSettings,
  type OutlierEjectionOptions,
  readEjectionOptions,
} from './ejection-options.ts';
import { Failures, Run, Seen, type Witness } from './evidence.ts';
import { LeaseGeneration } from './lease-generation.ts';
import { outliersOf } from './success-rate.ts';
import { Witnesses } from './witnesses.ts';

/** Rounding tolerance: a share of the pool that is an integer but for a rounding error is that integer. */
const EPSILON = 1e-9;
/** Longer keys are told apart by their ends: a fingerprint must not take longer than the decision. */
const FINGERPRINTED = 64;

/**
 * Ejects backends whose requests fail, by one of two rules:
 * - consecutive failures: so many in a row that can only be the backend's fault;
 * - success rate: in an interval, the backend failed clearly more often than the others, or more often than
 *   it may at all. An interval begins with a failure.
 *
 * A failed connection always counts. A status that is a failure, and a response that did not come in time,
 * may be the request's or the client's own fault:
 * - if the request was sent to another backend, that one judges: a success there counts against the first
 *   backend, a failure there counts against none;
 * - else it counts if its client was served well by some backend in the last 10 s, or if no other client
 *   asked for anything. Such failures eject only if they are of as many keys and clients as the backend had
 *   in the last 10 s, two of each at most;
 * - a response that is late counts against no backend that passes its health checks, unless another backend
 *   served the request in time.
 *
 * A failed health check confirms a run of failures at once. A check that began after an ejection for failed
 * connections, and passed, ends it, unless checks have brought the backend back before and it failed again:
 * then it takes one more of them in a row each time. Other ejections end by their time.
 *
 * Cancelled and rejected requests do not count. An ejection lasts `baseMs` times the number of ejections in
 * a row, and that number falls by one for each interval without an ejection. The count of failures in a row
 * goes on after an ejection: a backend that comes back and fails at once is ejected at once, and a success
 * resets the count. Requests that were in flight at the ejection do not count. At most `maxEjectedRatio` of
 * the pool is ejected, and never the last backend that is well. O(1) for each lease, O(n) for each ejection
 * and interval.
 * Ejections mean "unhealthy": an ejected backend is asked only where no other is left, and tried in a crisis.
 *
 * @throws TypeError or RangeError if an option is invalid
 * @see
 * {@link https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier |
 * Envoy, outlier detection}
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
  readonly run = new Run();
  readonly seen = new Seen();
  /** Number of the interval that `requests` and `failed` belong to. */
  interval = 0;
  /** Requests that ended in the interval and tell something about the backend. */
  requests = 0;
  /** Those of them that failed. */
  readonly failed = new Failures();
  /** Ejections in a row. */
  ejections = 0;
  isEjected = false;
  /** How often in a row checks have brought it back. */
  returns = 0;
  /** Checks that have passed in a row since it was ejected. */
  passes = 0;
  /** Whether it was ejected for failed connections alone. */
  isOfConnections = false;
  /** Begin and end of its last ejection, in milliseconds of the clock. */
  ejectedAt = Number.NEGATIVE_INFINITY;
  until = Number.NEGATIVE_INFINITY;

  constructor(backend: Backend) {
    this.backend = backend;
    // The state is created when the first lease begins, and `inFlight` already includes that lease.
    this.generation = new LeaseGeneration(backend.inFlight - 1);
  }

  get failures(): number {
    return this.failed.count;
  }
}

/** A failure that the result of another attempt is to judge. */
interface Suspicion {
  readonly state: EjectionState;
  readonly witness: Witness;
  readonly cause: FailureCause;
}

class OutlierEjection implements Guard {
  readonly isHealth = true;
  readonly learnsOrigins = true;
  dueAt = Number.POSITIVE_INFINITY;
  /** Number of the current interval. */
  #interval = 0;
  /** End of the current interval; `Infinity` until a failure begins one. */
  #intervalEnd = Number.POSITIVE_INFINITY;
  readonly #states: BackendStates<EjectionState>;
  readonly #ejected = new Set<EjectionState>();
  readonly #witnesses = new Witnesses();
  /** By the lease of the attempt that failed. */
  readonly #suspicions = new WeakMap<GuardLease, Suspicion>();
  readonly #clock: CoarseClock;
  readonly #control: GuardControl;
  readonly #settings: EjectionSettings;
  readonly #comparesRates: boolean;

  constructor(control: GuardControl, settings: EjectionSettings) {
    this.#control = control;
    this.#settings = settings;
    this.#clock = new CoarseClock(control.clock);
    const { minBackends, minRatio } = settings.successRate;
    this.#comparesRates = minBackends !== Number.POSITIVE_INFINITY || minRatio > 0;
    this.#states = new BackendStates(
      control,
      (backend) => new EjectionState(backend),
      (state) => this.#ejected.delete(state),
    );
  }

  started(lease: GuardLease): void {
    this.#states.ensure(lease.backend).generation.started(lease);
  }

  responded(lease: GuardLease, isFailure: boolean): void {
    if (!isFailure) this.#judgePrevious(lease, true);
  }

  finished(lease: GuardLease, outcome: Outcome, failure?: Failure): void {
    const state = this.#states.of(lease.backend);
    const counts = state?.generation.ended(lease) === true;
    if (outcome === 'success') {
      this.#judgePrevious(lease, true);
      if (counts) this.#succeeded(state, lease);
    } else if (outcome === 'failure' && failure !== undefined) {
      this.#judgePrevious(lease, false);
      if (counts) this.#failed(state, lease, failure);
    }
  }

  checked(backend: Backend, { passed, beganAt }: CheckResult): void {
    const state = this.#states.of(backend);
    if (state === undefined) return;
    if (!passed) {
      state.passes = 0;
      if (state.run.length > 0) this.#eject(state, 'consecutive failures', this.#control.clock.now());
    } else if (state.isEjected && state.isOfConnections && beganAt >= state.ejectedAt) {
      if (++state.passes <= state.returns) return;
      state.returns++;
      // It has not lasted, and must not make the next one longer that does.
      state.ejections--;
      state.until = this.#control.clock.now();
      this.#return(state);
    }
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

  #succeeded(state: EjectionState, { origin, status = 200 }: GuardLease): void {
    const now = this.#clock.now();
    const client = fingerprintOf(origin?.client);
    this.#witnesses.heard(client, true, now);
    state.seen.clients.note(client, now);
    // A fingerprint of a key costs a tenth of the lease: none is computed that changes nothing.
    if (!state.seen.keys.isFresh(now)) state.seen.keys.note(fingerprintOf(origin?.key), now);
    state.run.end();
    // A client's own mistake says nothing about the backend's rate.
    if (status < 400 || status > 499) this.#count(state).requests++;
  }

  #failed(state: EjectionState, lease: GuardLease, { cause, isRetried }: Failure): void {
    const now = this.#clock.read();
    const { origin } = lease;
    const witness = { key: fingerprintOf(origin?.key), client: fingerprintOf(origin?.client) };
    this.#witnesses.heard(witness.client, false, now);
    state.seen.note(witness, now);
    if (cause === 'connection') this.#accept(state, witness, cause, true, now);
    else if (isRetried) this.#suspicions.set(lease, { state, witness, cause });
    else if (cause === 'status') {
      if (this.#witnesses.isCredible(witness.client, now)) this.#accept(state, witness, cause, false, now);
    } else if (this.#control.passesChecks(state.backend) !== true) {
      this.#accept(state, witness, cause, true, now);
    }
  }

  /** Judges the attempt before this one by how this one went. */
  #judgePrevious({ origin }: GuardLease, hasSucceeded: boolean): void {
    const previous = origin?.previous;
    const suspicion = previous && this.#suspicions.get(previous);
    if (previous === undefined || suspicion === undefined) return;
    this.#suspicions.delete(previous);
    const { state, witness, cause } = suspicion;
    if (hasSucceeded) this.#accept(state, witness, cause, true, this.#clock.read());
  }

  /** Takes a failure as the backend's. @param isCertain - whether it can be nothing else */
  #accept(
    state: EjectionState,
    witness: Witness,
    cause: FailureCause,
    isCertain: boolean,
    now: number,
  ): void {
    if (this.#intervalEnd === Number.POSITIVE_INFINITY && this.#comparesRates) this.#beginInterval(now);
    const tally = this.#count(state);
    tally.requests++;
    tally.failed.add(witness);
    state.run.add(witness, cause, isCertain);
    if (state.run.convicts(this.#settings.consecutiveFailures, state.seen, now))
      this.#eject(state, 'consecutive failures', now);
  }

  #beginInterval(now: number): void {
    this.#interval++;
    this.#intervalEnd = now + this.#settings.intervalMs;
    this.dueAt = Math.min(this.dueAt, this.#intervalEnd);
  }

  /** The tally of the current interval. */
  #count(state: EjectionState): EjectionState {
    if (state.interval !== this.#interval) {
      state.interval = this.#interval;
      state.requests = 0;
      state.failed.clear();
    }
    return state;
  }

  #compareRates(now: number): void {
    const compared = [...this.#states].filter(
      ({ isEjected, interval }) => !isEjected && interval === this.#interval,
    );
    const outliers = outliersOf(compared, this.#settings.successRate);
    for (const state of outliers)
      if (state.failed.isVaried(state.seen, now)) this.#eject(state, 'success rate', now);
  }

  #eject(state: EjectionState, reason: 'consecutive failures' | 'success rate', now: number): void {
    const { backend } = state;
    if (state.isEjected || !this.#mayEject(backend)) return;
    const { baseMs, intervalMs } = this.#settings;
    const healthyIntervals = Math.floor(Math.max(0, now - state.until) / intervalMs);
    state.ejections = Math.max(0, state.ejections - healthyIntervals) + 1;
    state.returns = Math.max(0, state.returns - healthyIntervals);
    state.passes = 0;
    const forMs = this.#jittered(baseMs * state.ejections);
    state.isEjected = true;
    state.isOfConnections = reason === 'consecutive failures' && state.run.isOfConnections;
    state.ejectedAt = now;
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

function fingerprintOf(text: string | undefined): number {
  if (text === undefined) return 0;
  return hashKey(text.length > FINGERPRINTED ? text.slice(-FINGERPRINTED) : text, 0);
}
