import type { Balancer } from '../balancer/balancer.ts';
import type { BalancerEvent } from '../balancer/events.ts';
import type { HTTPService, Response } from '../contracts.ts';
import { MAX_TIMEOUT_MS, withDeadline } from '../deadline.ts';
import type { Timers } from '../env.ts';
import { CancelledError } from '../errors.ts';
import { shown } from '../shown.ts';
import type { Backend } from '../strategies/strategy.ts';
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

/** What a {@link HealthChecker} needs of a balancer. */
export type CheckedBalancer = Pick<
  Balancer<unknown>,
  'backends' | 'markDown' | 'markUp' | 'report' | 'subscribe'
>;

/** How a backend does in its checks. */
export interface CheckedBackend {
  readonly id: string;
  readonly state: 'up' | 'down' | 'unknown';
  /** Why its last check failed; `undefined` where it succeeded, or there was none. */
  readonly failure: string | undefined;
}

/** What a {@link HealthChecker} did so far. */
export interface HealthCheckStats {
  readonly backends: readonly CheckedBackend[];
  /** Checks that have ended. */
  readonly checks: number;
  /** Those of them that failed. */
  readonly failures: number;
  /** Those of them that failed for their workload alone. */
  readonly overloads: number;
  /** What was left out of account of the reports in answers. */
  readonly ignored: IgnoredReports;
}

/** First checks are spread over this many milliseconds at the most. */
const SPREAD_MS = 1_000;
const JITTER = 0.1;

/** A backend under watch. */
interface Target {
  readonly backend: Backend;
  readonly judgement: RiseAndFall;
  /** Aborts when the backend is no longer watched. */
  readonly watch: AbortController;
  cancelTimer: () => void;
  failure: string | undefined;
}

/**
 * Asks every backend of a pool, again and again, how it is; takes those out that fail and brings them back when they recover. The first
 * check of a backend decides; later it takes several in a row. Backends that come are checked at once, those that left are not checked
 * again. A backend has one check at a time: one without an answer has failed when its time is up, and what comes later does not count.
 *
 * An answer may report the workload, as JSON `{ cpu, memory, network }` or in the header `endpoint-load-metrics` (ORCA): that feeds the
 * strategy `least-workload`, and a backend above one of the `workload` limits counts as failed.
 *
 * It starts at once, until {@link HealthChecker.close}; its timers do not keep a process alive.
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

  /** @throws RangeError or TypeError naming the option and the value */
  constructor(balancer: CheckedBalancer, httpService: HTTPService, options: HealthCheckOptions = {}) {
    this.#settings = readHealthOptions(options);
    const { timers, random } = this.#settings.env;
    this.#balancer = balancer;
    this.#httpService = httpService;
    this.#timers = { schedule: (callback, delayMs) => timers.schedule(callback, delayMs, true) };
    const spreadMs = Math.min(SPREAD_MS, this.#settings.intervalMs * JITTER);
    for (const backend of balancer.backends) this.#watch(backend, random() * spreadMs);
    this.#unsubscribe = balancer.subscribe((event) => this.#follow(event));
  }

  /** Ends all checks, those under way included. Backends stay in the state that they are in. */
  close(): void {
    this.#unsubscribe();
    for (const id of [...this.#targets.keys()]) this.#unwatch(id, 'the health checker was closed');
  }

  /** What happened so far. O(backends). */
  stats(): HealthCheckStats {
    const backends = [...this.#targets.values()].map(({ backend: { id }, judgement: { state }, failure }) => {
      return { id, state, failure };
    });
    const counts = { checks: this.#checks, failures: this.#failures, overloads: this.#overloads };
    return { backends, ...counts, ignored: this.#reader.ignored };
  }

  #follow(event: BalancerEvent): void {
    if (event.type === 'removed') this.#unwatch(event.backend, 'the backend was removed');
    if (event.type !== 'added') return;
    const backend = this.#balancer.backends.find(({ id }) => id === event.backend);
    // By a timer, so that nothing is sent in the middle of a decision.
    if (backend !== undefined && !this.#targets.has(backend.id)) this.#watch(backend, 0);
  }

  #watch(backend: Backend, delayMs: number): void {
    const { fall, rise } = this.#settings;
    const target: Target = {
      backend,
      judgement: new RiseAndFall(fall, rise),
      watch: new AbortController(),
      cancelTimer: () => {},
      failure: undefined,
    };
    this.#targets.set(backend.id, target);
    this.#schedule(target, delayMs);
  }

  #unwatch(id: string, reason: string): void {
    const target = this.#targets.get(id);
    this.#targets.delete(id);
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
    const failure = await this.#ask(target);
    if (!this.#isWatched(target)) return;
    this.#checks++;
    if (failure !== undefined) this.#failures++;
    target.failure = failure;
    const turn = target.judgement.take(failure === undefined);
    if (turn === 'up') this.#balancer.markUp(target.backend.id);
    if (turn === 'down') this.#balancer.markDown(target.backend.id, failure);
    // A listener may have closed the checker or removed the backend.
    if (!this.#isWatched(target)) return;
    const interval = target.judgement.isInBetween ? fastIntervalMs : intervalMs;
    const jittered = interval * (1 + JITTER * (2 * env.random() - 1));
    this.#schedule(target, Math.max(0, startedAt + jittered - env.clock.now()));
  }

  /** Looks at the pool first, so that a change of the caller's array counts now. */
  #isWatched({ watch: { signal } }: Target): boolean {
    if (!signal.aborted) void this.#balancer.backends;
    return !signal.aborted;
  }

  /** @returns why the check failed; `undefined` where it succeeded */
  async #ask(target: Target): Promise<string | undefined> {
    const { request, timeoutMs } = this.#settings;
    const url = target.backend.url + request.path;
    const id = `health-${++this.#sent}`;
    try {
      const response = await withDeadline(
        (signal) => this.#httpService.sendRequest(url, { ...request, id }, { signal }),
        { signal: target.watch.signal, timeoutMs, timers: this.#timers },
      );
      return this.#isWatched(target) ? this.#judge(target.backend, response) : undefined;
    } catch (error) {
      return error instanceof Error ? error.message : shown(error);
    }
  }

  #judge({ id }: Backend, { status, data, headers }: Response): string | undefined {
    const { isWell, body, limits } = this.#settings;
    const reported = this.#reader.readBody(data);
    const orca = this.#reader.readHeader(headers);
    if (!isEmpty(reported)) this.#balancer.report(id, { ...reported });
    else this.#balancer.report(id, { utilization: utilization(orca) });
    if (typeof status !== 'number' || !isWell(status)) return `status ${shown(status)}`;
    if (body !== undefined && !body(String(data ?? '').slice(0, MAX_BODY_LENGTH)))
      return 'the body is not as it should be';
    const load = { ...orca, ...reported };
    const over = limits.find(([resource, limit]) => (load[resource] ?? 0) > limit);
    if (over === undefined) return undefined;
    this.#overloads++;
    return `${over[0]} ${load[over[0]]} is above ${over[1]}`;
  }
}
