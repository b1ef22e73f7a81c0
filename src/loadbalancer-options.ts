// The options of a `Loadbalancer`: their meaning and their checks.

import { BALANCER, type BalancerOptions, MOVED, POOL, type PoolOptions } from './balancer/options.ts';
import type { Request, Response } from './contracts.ts';
import type { Discovery } from './discovery/discovery.ts';
import { A_SOURCE } from './discovery/steady.ts';
import { HEALTH, type HealthCheckOptions } from './health/health-options.ts';
import { FEED, type LoadMetricsFeedOptions } from './health/load-metrics-feed.ts';
import { isFailureStatus } from './http/failure-statuses.ts';
import { aBag, bag, checkBag, pickNames } from './options/bag.ts';
import { aFunction, anObjectWith, aSignal, aTimeout, orBoolean } from './options/rule.ts';
import { type StrategyEntry, strategies, strategyNamed } from './strategies/registry.ts';
import { type AffinityKey, byClientAddress, byPath } from './traffic/affinity.ts';
import { FAILOVER_RULE, type FailoverOptions } from './traffic/failover.ts';
import { RATE_LIMIT, type RateLimitOptions } from './traffic/gate.ts';
import { type LeaseQueueOptions, QUEUE } from './traffic/lease-queue.ts';
import type { SessionPolicy } from './traffic/sessions.ts';

/**
 * Settings of a `Loadbalancer`: those of the engine, which choose a backend, and eight of its own, which
 * send.
 */
export interface LoadbalancerOptions extends BalancerOptions<Request> {
  /**
   * The key of a request; requests with equal keys go to one backend. A request whose key is `undefined` goes
   * to a random backend, in proportion to the weights.
   * @defaultValue the path with its query; with the strategy `ip-hash` the client's address
   */
  readonly key?: AffinityKey;
  /** Settings of the pool as a whole. */
  readonly pool?: LoadbalancerPoolOptions;
  /**
   * Time limit for the response of one backend, in milliseconds, above 0.
   * @defaultValue none: the HTTP service decides
   */
  readonly timeoutMs?: number;
  /** Time limit for a request with all waits and retries, in milliseconds, above 0. @defaultValue none */
  readonly totalTimeoutMs?: number;
  /**
   * Whether a response counts as a failure of the backend. It is passed on to the client in any case.
   * @defaultValue status 502, 503 or 504
   */
  readonly isFailure?: (response: Response) => boolean;
  /** Retries a failed request on another backend, if that is safe. @defaultValue false */
  readonly failover?: FailoverOptions | boolean;
  /** Lets requests wait while every backend is at its limit. @defaultValue false */
  readonly queue?: LeaseQueueOptions | boolean;
  /**
   * Health checks: marks backends down that fail, and up that recover. Call `close()` to stop them.
   * @defaultValue false
   */
  readonly health?: HealthCheckOptions | boolean;
  /** Options that treat the requests of one client together: sessions and rate limit. */
  readonly clients?: ClientsOptions;
  /**
   * A source of backends beside the array: see `evenkeel/discovery`. Call `close()` to end it.
   * @defaultValue none
   */
  readonly discovery?: Discovery;
}

/** Settings of a `Loadbalancer` that concern the pool as a whole. */
export interface LoadbalancerPoolOptions extends PoolOptions<Request> {
  /**
   * Feeds the strategy `least-workload` with the load that backends report in the ORCA header of their
   * responses.
   * @defaultValue false
   */
  readonly loadMetrics?: LoadMetricsFeedOptions | boolean;
}

/** Options that treat the requests of one client together. */
export interface ClientsOptions {
  /** Keeps the requests of one session on one backend. @defaultValue none */
  readonly sessions?: SessionPolicy;
  /** Refuses requests of clients that send too many. @defaultValue none */
  readonly rateLimit?: RateLimitOptions;
}

/** Settings of one request. */
export interface RequestOptions {
  /** Aborts when the client has left. */
  readonly signal?: AbortSignal | undefined;
}

const LOADBALANCER = bag<LoadbalancerOptions>(
  {
    ...BALANCER,
    pool: aBag(bag<LoadbalancerPoolOptions>({ ...POOL, loadMetrics: orBoolean(aBag(FEED)) })),
    timeoutMs: aTimeout,
    totalTimeoutMs: aTimeout,
    isFailure: aFunction,
    failover: orBoolean(FAILOVER_RULE),
    queue: orBoolean(aBag(QUEUE)),
    health: orBoolean(aBag(HEALTH)),
    discovery: A_SOURCE,
    clients: aBag(bag<ClientsOptions>({ sessions: anObjectWith('read'), rateLimit: RATE_LIMIT })),
  },
  {
    ...MOVED,
    loadMetrics: 'pool.loadMetrics',
    sessions: 'clients.sessions',
    rateLimit: 'clients.rateLimit',
  },
);

const REQUEST = bag<RequestOptions>({ signal: aSignal });

/** @throws RangeError or TypeError that names the option and the value */
export function checkOptions(options: unknown): asserts options is LoadbalancerOptions {
  checkBag(options, LOADBALANCER, '', 'Loadbalancer');
}

/** @throws TypeError that names the option and the value */
export function checkRequestOptions(options: unknown): asserts options is RequestOptions {
  checkBag(options, REQUEST, '', 'onRequest');
}

/** The options of the engine among those of a `Loadbalancer`. */
export function balancerOptions(options: LoadbalancerOptions): BalancerOptions<Request> {
  const { pool: { loadMetrics: _, ...pool } = {} } = options;
  return { ...pickNames(options, BALANCER), pool, key: options.key ?? defaultKey(options.strategy) };
}

/** The default of `isFailure`. */
export function isGatewayError({ status }: Response): boolean {
  return isFailureStatus(status);
}

/** The default of `key`. */
function defaultKey(strategy: LoadbalancerOptions['strategy']): AffinityKey {
  const entry: StrategyEntry | undefined =
    typeof strategy === 'string' ? strategies[strategyNamed(strategy)] : undefined;
  return entry?.key === 'client-address' ? byClientAddress : byPath;
}
