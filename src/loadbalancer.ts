import { Balancer } from './balancer/balancer.ts';
import type { BalancerStats } from './balancer/stats.ts';
import type {
  BackendPoolEntry,
  HTTPService,
  ILoadBalancer,
  Request,
  Response,
  ResponseWriter,
  SendOptions,
} from './contracts.ts';
import { Deadlines } from './deadlines.ts';
import { type Following, follow } from './discovery/following.ts';
import type { DiscoveryStats } from './discovery/steady.ts';
import { systemEnv } from './env.ts';
import { CancelledError, OverloadedError, RateLimitedError } from './errors.ts';
import { HealthChecker, type HealthCheckStats } from './health/health-checker.ts';
import { loadMetricsFeed } from './health/load-metrics-feed.ts';
import { retryAfter } from './http/refusal.ts';
import { targetUrl } from './http/target.ts';
import { Limit } from './limit.ts';
import {
  balancerOptions,
  checkOptions,
  checkRequestOptions,
  isGatewayError,
  type LoadbalancerOptions,
  type RequestOptions,
} from './loadbalancer-options.ts';
import { type Log, type LogLevel, logEvent, logTo } from './log.ts';
import type { ILoggerService } from './logger.ts';
import { ifOn } from './options/bag.ts';
import { anObjectWith, checkRule } from './options/rule.ts';
import { shown } from './shown.ts';
import { isStrategyAlias, strategyNamed } from './strategies/registry.ts';
import type { Backend } from './strategies/strategy.ts';
import { asError, Delivery, type DeliveryParts } from './traffic/delivery.ts';
import { Failover, type FailoverStats } from './traffic/failover.ts';
import { type Admission, Gate } from './traffic/gate.ts';
import { LeaseQueue, type LeaseQueueStats } from './traffic/lease-queue.ts';

/** The figures of a pool, and counters of everything around it. */
export interface LoadbalancerStats extends BalancerStats {
  /** `undefined` if failover is off. */
  readonly failover: FailoverStats | undefined;
  /** `undefined` if the queue is off. */
  readonly queue: LeaseQueueStats | undefined;
  /** The results of health checks by backend; `undefined` if they are off. */
  readonly health: HealthCheckStats | undefined;
  /** Requests that were refused by the rate limit. */
  readonly rateLimited: number;
  /** The figures of the source of backends; `undefined` if there is none. */
  readonly discovery: DiscoveryStats | undefined;
}

/** The result of a request: the response of its delivery, unless there is an error. */
interface Delivered {
  readonly admission?: Admission | undefined;
  readonly delivery?: Delivery;
  readonly error: Error | undefined;
}

/**
 * The load balancer that a host injects. It sends each request to the backend that the engine chooses, and
 * writes the response or the error.
 *
 * @example
 * ```ts
 * const backends = [{ IPAddr: '10.0.0.1', Port: 8080 }];
 * const loadbalancer = new Loadbalancer(httpService, backends, new LoggerService());
 * await loadbalancer.onRequest(request, responseWriter);
 * ```
 */
export class Loadbalancer implements ILoadBalancer {
  /** The engine: statistics, explanations, plans, and changes of the pool at run time. */
  readonly balancer: Balancer<Request>;
  /** The health checks, such as to share them in a fleet; `undefined` without the option `health`. */
  readonly checker: HealthChecker | undefined;
  readonly #log: Log;
  readonly #parts: DeliveryParts;
  readonly #following: Following | undefined;
  readonly #gate: Gate | undefined;
  readonly #totalTimeoutMs: number | undefined;

  /**
   * @param backendPool - the pool; the array is followed, never changed
   * @throws TypeError or RangeError that names the argument, entry or option and its value
   */
  constructor(
    httpService: HTTPService,
    backendPool: readonly BackendPoolEntry[],
    loggerService: ILoggerService,
    options: LoadbalancerOptions = {},
  ) {
    checkRule(anObjectWith('sendRequest'), httpService, 'httpService');
    checkOptions(options);
    const { isFailure = isGatewayError, clients: { sessions, rateLimit } = {} } = options;
    const [failover, queue, health] = [ifOn(options.failover), ifOn(options.queue), ifOn(options.health)];
    const loadMetrics = ifOn(options.pool?.loadMetrics);
    const env = { ...systemEnv, ...options.env };
    const { timers, clock } = env;
    const deadlines = new Deadlines(env);
    this.#log = logTo(loggerService);
    this.#totalTimeoutMs = options.totalTimeoutMs;
    this.balancer = new Balancer(backendPool, balancerOptions(options));
    const { strategy } = options;
    if (isStrategyAlias(strategy))
      this.#log('info', 'strategy', { given: strategy, is: strategyNamed(strategy) });
    this.balancer.subscribe((event) => logEvent(this.#log, event));
    if (sessions !== undefined || rateLimit !== undefined) {
      const failed = (what: string, error: unknown) => this.#log('warn', `${what} failed`, error);
      this.#gate = new Gate({ sessions, rateLimit, failed, deadlines });
    }
    const { discovery } = options;
    const report = (detail: string) => this.#log('warn', 'backend discovery', { detail });
    this.#following = discovery && follow(this.balancer, discovery, { env, report });
    this.checker = health && new HealthChecker(this.balancer, httpService, { ...health, env });
    this.#parts = {
      balancer: this.balancer,
      failover: failover && new Failover(failover, env.random),
      queue: queue && new LeaseQueue(this.balancer, { ...queue, timers, clock }),
      env,
      timeoutMs: options.timeoutMs,
      deadlines,
      isFailure,
      answered:
        loadMetrics &&
        loadMetricsFeed(this.balancer as Balancer<unknown>, {
          clock,
          ...loadMetrics,
        }),
      decided: (request, { backend, spilled }) => {
        const text = spilled ? 'backend chosen, as its home is full' : 'backend chosen';
        try {
          this.#log('debug', text, request.method, request.path, backend.id);
        } catch {
          // The request has getters that throw. It gets its answer all the same.
        }
      },
      attemptFailed: (request, backend, result) =>
        this.#tell('warn', 'attempt failed', request, backend?.id, result),
      send: ({ url }, request, limit) => {
        const target = targetUrl(url, request.path);
        // Exactly two arguments, unless the host set a timeout or passed a signal.
        return limit === undefined
          ? httpService.sendRequest(target, request)
          : httpService.sendRequest(target, request, new LazyOptions(limit));
      },
    };
  }

  /**
   * Sends a request to a backend and writes the result: exactly one of `writeResponse` and `writeError` is
   * called, once. The backend is chosen synchronously, before the first await, unless sessions, a rate limit
   * or a queue have to wait.
   *
   * @returns a promise that settles when the response was written; it rejects only if the writer fails, or at
   * once with a TypeError if the options are invalid
   */
  async onRequest(
    request: Request,
    responseWriter: ResponseWriter,
    options: RequestOptions = NO_OPTIONS,
  ): Promise<void> {
    if (options !== NO_OPTIONS) checkRequestOptions(options);
    const { admission, delivery, error } = await this.#deliver(request, options.signal);
    if (error !== undefined) this.#tell(levelOf(error), 'request failed', request, error);
    try {
      if (admission !== undefined || error !== undefined) {
        await this.#writeHeaders(admission, delivery?.backend, error, responseWriter);
      }
      // A writer may return a promise, although its contract does not require one.
      await (error === undefined
        ? responseWriter.writeResponse(delivery?.response as Response)
        : responseWriter.writeError(error));
    } finally {
      delivery?.end();
    }
  }

  /** Figures and counters so far. */
  stats(): LoadbalancerStats {
    return {
      ...this.balancer.stats(),
      failover: this.#parts.failover?.stats,
      queue: this.#parts.queue?.stats,
      health: this.checker?.stats(),
      rateLimited: this.#gate?.refused ?? 0,
      discovery: this.#following?.stats(),
    };
  }

  /** Stops health checks and discovery. Requests are still served. */
  close(): void {
    this.#following?.close();
    this.checker?.close();
  }

  /** Gets the result of a request: an error, or else the response of the delivery. Never rejects. */
  async #deliver(request: Request, signal: AbortSignal | undefined): Promise<Delivered> {
    const timeoutMs = this.#totalTimeoutMs;
    const isLimited = timeoutMs !== undefined || signal !== undefined;
    const limit = isLimited ? new Limit(this.#parts.deadlines, { signal, timeoutMs }) : undefined;
    try {
      if (typeof request?.path !== 'string') throw pathError(request);
      const admission = this.#gate && (await this.#gate.admit(request, limit));
      if (limit?.reason !== undefined) throw limit.reason;
      if (admission?.refusal !== undefined) return { admission, error: admission.refusal };
      const delivery = new Delivery(this.#parts, request, admission?.session, limit);
      await delivery.start();
      return { admission, delivery, error: delivery.error };
    } catch (error) {
      return { error: asError(error, 'the request') };
    } finally {
      limit?.end();
    }
  }

  /** Writes the headers of sessions and rate limit; without these options there are none. */
  async #writeHeaders(
    admission: Admission | undefined,
    backend: Backend | undefined,
    error: Error | undefined,
    writer: ResponseWriter,
  ): Promise<void> {
    const headers = admission === undefined ? [] : (this.#gate?.headersFor(admission, backend?.id) ?? []);
    // Only for errors of the queue and the limiter; errors of the HTTP service are passed on unchanged.
    if (this.#parts.queue !== undefined && error instanceof OverloadedError) {
      headers.push(['Retry-After', retryAfter(error.retryAfterMs)]);
    }
    for (const [header, value] of headers) await writer.writeHeader(header, value);
  }

  /** Logs what became of a request. */
  #tell(level: LogLevel, text: string, request: Request, ...about: readonly unknown[]): void {
    let method: unknown;
    let path: unknown;
    try {
      ({ method, path } = request);
    } catch {
      // There is no request, or it has getters that throw. It gets its answer all the same.
    }
    this.#log(level, text, method, path, ...about);
  }
}

const NO_OPTIONS: RequestOptions = {};

/** A client that left, or sends too many requests, is no trouble of the pool. */
function levelOf(error: Error): LogLevel {
  return error instanceof CancelledError || error instanceof RateLimitedError ? 'debug' : 'error';
}

/** The error for a request without a path. Some hosts have a field `url` instead of `path`. */
function pathError(request: { readonly path?: unknown; readonly url?: unknown } | undefined): TypeError {
  const hint = request?.url === undefined ? '' : '; the request has url, the name in an older contract';
  return new TypeError(`request.path must be a string, got ${shown(request?.path)}${hint}`);
}

/** The third argument of an HTTP service, whose signal is made when it is read. */
class LazyOptions implements SendOptions {
  /** A property of its own, as a copy of the options must have it. */
  static readonly #signal: PropertyDescriptor & ThisType<LazyOptions> = {
    get() {
      return this.#limit.signal;
    },
    enumerable: true,
    configurable: true,
  };
  declare readonly signal: AbortSignal;
  readonly #limit: Limit;

  constructor(limit: Limit) {
    this.#limit = limit;
    // One getter for all: a getter in an object literal takes four times as long.
    Object.defineProperty(this, 'signal', LazyOptions.#signal);
  }
}
