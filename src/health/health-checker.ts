// Active health checks: sends a request to each backend at intervals and marks backends down and up by the
// responses.

import type { Balancer } from '../balancer/balancer.ts';
import type { BalancerEvent } from '../balancer/events.ts';
import type { WorkloadReport } from '../balancer/workload.ts';
import type { HTTPService, Response } from '../contracts.ts';
import { MAX_TIMEOUT_MS, withDeadline } from '../deadline.ts';
import type { Timers } from '../env.ts';
import { CancelledError, isError } from '../errors.ts';
import { anObjectWith, checkRule } from '../options/rule.ts';
import { shown } from '../shown.ts';
import type { Backend } from '../strategies/strategy.ts';
import type { CheckGuide, CheckState, GuidedChecks } from './check-guide.ts';
import { type HealthCheckOptions, type HealthCheckSettings, readHealthOptions } from './health-options.ts';
import {
  type IgnoredReports,
  isEmpty,
  LoadMetricsReader,
  MAX_BODY_LENGTH,
  utilization,
} from './load-metrics.ts';
import { RiseAndFall } from './rise-and-fall.ts';

export type { HealthCheckOptions } from './health-options.ts';

/** The part of a balancer that a {@link HealthChecker} uses. */
export type CheckedBalancer = Pick<
  Balancer<unknown>,
  'backends' | 'checked' | 'has' | 'markDown' | 'markUp' | 'report' | 'subscribe'
>;

/** The results of a backend's checks. */
export interface CheckedBackend {
  readonly id: string;
  readonly state: CheckState;
  /** Why the last check failed; `undefined` if it succeeded or there was none yet. */
  readonly failure: string | undefined;
}

/** The counters of a {@link HealthChecker} since it was started. */
export interface HealthCheckStats {
  readonly backends: readonly CheckedBackend[];
  /** Checks that ended. */
  readonly checks: number;
  /** Checks that failed. */
  readonly failures: number;
  /** Checks that failed because a reported workload exceeds its limit. */
  readonly overloads: number;
  /** Load reports that were ignored. */
  readonly ignored: IgnoredReports;
}

/** The first checks are spread over at most this many milliseconds. */
const SPREAD_MS = 1_000;
const JITTER = 0.1;

/** A backend that is checked. */
interface Target {
  readonly backend: Backend;
  judgement: RiseAndFall;
  /** As it was marked last. */
  state: CheckState;
  /** Whether it is checked here; else others check it, and tell. */
  isOwn: boolean;
  /** Aborts when the backend is no longer checked. */
  readonly watch: AbortController;
  cancelTimer: () => void;
  failure: string | undefined;
  /** Of the last response. */
  status: number | undefined;
  report: WorkloadReport | undefined;
  isChecking: boolean;
  isEjected: boolean;
}

/**
 * Sends a health check to each backend of a pool at intervals. It marks backends down that fail and up that
 * recover. The first check of a backend decides at once; later changes take several results in a row. New
 * backends are checked at once; removed backends are not checked any more. A backend has one check at a time.
 * A check without a response fails when its time is up; a later response is ignored.
 *
 * A response may report the workload, as JSON `{ cpu, memory, network }` or in the ORCA header
 * `endpoint-load-metrics`. Reports feed the strategy `least-workload`, and a check fails if a reported value
 * exceeds its `workload` limit.
 *
 * Checks run from the construction until {@link HealthChecker.close}. The timers do not keep a process alive.
 */
export class HealthChecker {
  readonly #balancer: CheckedBalancer;
  readonly #httpService: HTTPService;
  readonly #settings: HealthCheckSettings;
  readonly #timers: Timers;
  readonly #reader = new LoadMetricsReader();
  readonly #targets = new Map<string, Target>();
  readonly #unsubscribe: () => void;
  #checks = 0;
  #failures = 0;
  #overloads = 0;
  #sent = 0;
  #guide: CheckGuide | undefined;

  /** @throws RangeError or TypeError that names the option and the value */
  constructor(balancer: CheckedBalancer, httpService: HTTPService, options: HealthCheckOptions = {}) {
    checkRule(anObjectWith('markDown', 'subscribe'), balancer, 'balancer');
    checkRule(anObjectWith('sendRequest'), httpService, 'httpService');
    this.#settings = readHealthOptions(options);
    const { timers, random } = this.#settings.env;
    this.#balancer = balancer;
    this.#httpService = httpService;
    this.#timers = { schedule: (callback, delayMs) => timers.schedule(callback, delayMs, true) };
    const spreadMs = Math.min(SPREAD_MS, this.#settings.intervalMs * JITTER);
    for (const backend of balancer.backends) this.#watch(backend, random() * spreadMs);
    this.#unsubscribe = balancer.subscribe((event) => this.#follow(event));
  }

  /**
   * Lets another party decide which backends are checked here and what follows from the results, such as the
   * members of a fleet that check for each other. Until it decides otherwise, all backends are checked here.
   * @throws Error if there is one already
   */
  guide(guide: CheckGuide): GuidedChecks {
    if (this.#guide !== undefined) throw new Error('a HealthChecker can have one guide');
    this.#guide = guide;
    const { request, limits, fall, rise, timeoutMs, intervalMs, fastIntervalMs } = this.#settings;
    for (const { backend } of this.#targets.values()) guide.added(backend);
    return {
      definition: JSON.stringify([request, limits, fall, rise, timeoutMs]),
      paceMs: { interval: intervalMs, fastInterval: fastIntervalMs, timeout: timeoutMs },
      fall,
      setOwn: (id, isOwn, delayMs) => this.#setOwn(this.#targets.get(id), isOwn, delayMs),
      hurry: (id) => this.#hurry(this.#targets.get(id)),
      apply: (id, state, failure) => this.#apply(this.#targets.get(id), state, failure),
      report: (id, report) => this.#balancer.has(id) && this.#balancer.report(id, report),
      end: () => {
        this.#guide = undefined;
        for (const target of this.#targets.values()) this.#setOwn(target, true, 0);
      },
    };
  }

  /** Stops all checks and aborts those in progress. Backends keep their state. */
  close(): void {
    this.#unsubscribe();
    for (const id of [...this.#targets.keys()]) this.#unwatch(id, 'the health checker was closed');
  }

  /** Counters and the state of each backend. O(backends). */
  stats(): HealthCheckStats {
    const backends = [...this.#targets.values()].map(({ backend: { id }, state, failure }) => {
      return { id, state, failure };
    });
    const counts = { checks: this.#checks, failures: this.#failures, overloads: this.#overloads };
    return { backends, ...counts, ignored: this.#reader.ignored };
  }

  #follow(event: BalancerEvent): void {
    if (event.type === 'ejected') this.#ejected(event.backend);
    if (event.type === 'returned') this.#returned(event.backend);
    if (event.type === 'removed') this.#unwatch(event.backend, 'the backend was removed');
    if (event.type !== 'added') return;
    const backend = this.#balancer.backends.find(({ id }) => id === event.backend);
    // Scheduled with a timer, as this listener may run in the middle of a decision.
    if (backend !== undefined && !this.#targets.has(backend.id)) this.#watch(backend, 0);
  }

  /** Checks an ejected backend often: a check that passes may show that it has come back. */
  #ejected(id: string): void {
    const target = this.#targets.get(id);
    if (target === undefined) return;
    target.isEjected = true;
    if (target.isChecking) return;
    if (!target.isOwn) this.#beginAnew(target);
    target.cancelTimer();
    this.#schedule(target, this.#settings.fastIntervalMs);
  }

  #returned(id: string): void {
    const target = this.#targets.get(id);
    if (target === undefined) return;
    target.isEjected = false;
    if (!target.isOwn) target.cancelTimer();
  }

  #setOwn(target: Target | undefined, isOwn: boolean, delayMs: number): void {
    if (target === undefined || target.isOwn === isOwn) return;
    target.isOwn = isOwn;
    const isAsked = target.isChecking || target.isEjected;
    if (!isOwn && !isAsked) target.cancelTimer();
    if (!isOwn || isAsked) return;
    this.#beginAnew(target);
    this.#schedule(target, delayMs);
  }

  /** What was found here long ago says nothing, but what others have found does. */
  #beginAnew(target: Target): void {
    const { fall, rise } = this.#settings;
    target.judgement = new RiseAndFall(fall, rise, target.state);
  }

  #hurry(target: Target | undefined): void {
    if (target === undefined || target.isChecking || !target.isOwn) return;
    target.cancelTimer();
    this.#schedule(target, 0);
  }

  #apply(target: Target | undefined, state: 'up' | 'down', failure: string | undefined): void {
    if (target === undefined || !this.#isWatched(target)) return;
    const hasTurned = target.state !== state;
    target.failure = failure;
    if (hasTurned && !target.isOwn)
      this.#balancer.checked(target.backend.id, {
        passed: state === 'up',
        beganAt: this.#settings.env.clock.now(),
      });
    if (hasTurned) this.#mark(target, state);
  }

  #mark(target: Target, state: 'up' | 'down'): void {
    target.state = state;
    if (state === 'up') this.#balancer.markUp(target.backend.id);
    else this.#balancer.markDown(target.backend.id, target.failure);
  }

  #watch(backend: Backend, delayMs: number): void {
    const { fall, rise } = this.#settings;
    const target: Target = {
      backend,
      judgement: new RiseAndFall(fall, rise),
      state: 'unknown',
      isOwn: true,
      watch: new AbortController(),
      cancelTimer: () => {},
      failure: undefined,
      status: undefined,
      report: undefined,
      isChecking: false,
      isEjected: false,
    };
    this.#targets.set(backend.id, target);
    this.#schedule(target, delayMs);
    this.#guide?.added(backend);
  }

  #unwatch(id: string, reason: string): void {
    const target = this.#targets.get(id);
    this.#targets.delete(id);
    this.#guide?.removed(id);
    target?.cancelTimer();
    target?.watch.abort(new CancelledError(reason));
  }

  #schedule(target: Target, delayMs: number): void {
    const delay = Math.min(delayMs, MAX_TIMEOUT_MS);
    target.cancelTimer = this.#timers.schedule(() => void this.#check(target), delay);
  }

  /** Never rejects. */
  async #check(target: Target): Promise<void> {
    const { env, intervalMs, fastIntervalMs } = this.#settings;
    if (!this.#isWatched(target)) return;
    const startedAt = env.clock.now();
    target.isChecking = true;
    const failure = await this.#request(target);
    target.isChecking = false;
    if (!this.#isWatched(target)) return;
    this.#checks++;
    if (failure !== undefined) this.#failures++;
    target.failure = failure;
    this.#balancer.checked(target.backend.id, { passed: failure === undefined, beganAt: startedAt });
    const { judgement, status, report } = target;
    judgement.record(failure === undefined);
    const { state, isInBetween } = judgement;
    if (this.#guide !== undefined)
      this.#guide.judged(target.backend, { state, isUnclear: isInBetween, failure, status, report });
    else if (state !== 'unknown' && state !== target.state) this.#mark(target, state);
    // A listener may have closed the checker or removed the backend, or others check it from now on.
    if (!this.#isWatched(target) || !(target.isOwn || target.isEjected)) return;
    const isUnclear = target.judgement.isInBetween || target.isEjected;
    const interval = isUnclear ? fastIntervalMs : intervalMs;
    const jittered = interval * (1 + JITTER * (2 * env.random() - 1));
    this.#schedule(target, Math.max(0, startedAt + jittered - env.clock.now()));
  }

  /** Whether a backend is still checked. Asking for it applies changes of the caller's array first. */
  #isWatched({ backend: { id }, watch: { signal } }: Target): boolean {
    return this.#balancer.has(id) && !signal.aborted;
  }

  /** @returns why the check failed; `undefined` if it succeeded */
  async #request(target: Target): Promise<string | undefined> {
    const { request, timeoutMs } = this.#settings;
    const url = target.backend.url + request.path;
    const id = `health-${++this.#sent}`;
    target.status = undefined;
    target.report = undefined;
    try {
      const response = await withDeadline(
        (signal) =>
          this.#httpService.sendRequest(url, { ...request, id }, { signal, backend: target.backend.id }),
        { signal: target.watch.signal, timeoutMs, timers: this.#timers },
      );
      return this.#isWatched(target) ? this.#judge(target, response) : undefined;
    } catch (error) {
      return isError(error) ? error.message : shown(error);
    }
  }

  #judge(target: Target, { status, data, headers }: Response): string | undefined {
    const { isWell, body, limits } = this.#settings;
    const reported = this.#reader.readBody(data);
    const orca = this.#reader.readHeader(headers);
    target.status = status;
    target.report = isEmpty(reported)
      ? { utilization: utilization(orca), concurrency: orca.concurrency }
      : { ...reported };
    this.#balancer.report(target.backend.id, target.report);
    if (typeof status !== 'number' || !isWell(status)) return `status ${shown(status)}`;
    if (body !== undefined && !body(String(data ?? '').slice(0, MAX_BODY_LENGTH)))
      return 'the body check failed';
    const load = { ...orca, ...reported };
    const over = limits.find(([resource, limit]) => (load[resource] ?? 0) > limit);
    if (over === undefined) return undefined;
    this.#overloads++;
    return `${over[0]} ${load[over[0]]} is above ${over[1]}`;
  }
}
