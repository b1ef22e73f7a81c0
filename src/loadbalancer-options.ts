// The options of a `Loadbalancer`: their meaning and their checks.

import { BALANCER, type BalancerOptions, MOVED, POOL, type PoolOptions } from './balancer/options.ts';
import type { Request, Response } from './contracts.ts';
import { HEALTH, type HealthCheckOptions } from './health/health-options.ts';
import { FEED, type LoadMetricsFeedOptions } from './health/load-metrics-feed.ts';
import { isFailureStatus } from './http/failure-statuses.ts';
import { aBag, bag, checkBag, pickNames } from './options/bag.ts';
import { aFunction, anObjectWith, aSignal, aTimeout, orBoolean } from './options/rule.ts';
import { type StrategyEntry, strategies } from './strategies/registry.ts';
import { type AffinityKey, byClientAddress, byPath } from './traffic/affinity.ts';
import { FAILOVER, type FailoverOptions } from './traffic/failover.ts';
import { RATE_LIMIT, type RateLimitOptions } from './traffic/gate.ts';
import { type LeaseQueueOptions, QUEUE } from './traffic/lease-queue.ts';
import type { SessionPolicy } from './traffic/sessions.ts';

/** Settings of a `Loadbalancer`: those of the engine, which choose a backend, and seven of its own, which send. */
export interface LoadbalancerOptions extends BalancerOptions<Request> {
  /**
   * The key of a request; requests with equal keys go to one backend. A request whose key is `undefined` goes to
   * a random backend, in proportion to the weights.
   * @defaultValue the path with its query; with the strategy `ip-hash` the client's address
   */
  readonly key?: AffinityKey;
  /** Settings of the pool as a whole. */
  readonly pool?: LoadbalancerPoolOptions;
  /** Milliseconds for the response of one backend, above 0. @defaultValue none: the HTTP service decides */
  readonly timeoutMs?: number;
  /** Milliseconds for everything, with waits and retries, above 0. @defaultValue none */
  readonly totalTimeoutMs?: number;
  /**
   * Whether a response counts as the backend's failure. It is passed on all the same.
   * @defaultValue status 502, 503 or 504
   */
  readonly isFailure?: (response: Response) => boolean;
  /** Sends a request that failed to another backend, where that cannot do harm. @defaultValue false */
  readonly failover?: FailoverOptions | boolean;
  /** Lets requests wait while every backend is at its limit. @defaultValue false */
  readonly queue?: LeaseQueueOptions | boolean;
  /** Checks every backend, takes out those that fail and brings them back. Needs `close()`. @defaultValue false */
  readonly health?: HealthCheckOptions | boolean;
  /** What requests of one client have in common: a session, a rate limit. */
  readonly clients?: ClientsOptions;
}

/** Settings of the pool of a `Loadbalancer` as a whole. */
export interface LoadbalancerPoolOptions extends PoolOptions<Request> {
  /**
   * Feeds the strategy `least-workload` with what backends report in the ORCA header of their responses.
   * @defaultValue false
   */
  readonly loadMetrics?: LoadMetricsFeedOptions | boolean;
}

/** What requests of one client have in common. */
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
    failover: orBoolean({
      ...aBag(FAILOVER),
      hint: (value) => (typeof value === 'number' ? `; did you mean { retries: ${value} }?` : ''),
    }),
    queue: orBoolean(aBag(QUEUE)),
    health: orBoolean(aBag(HEALTH)),
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

/** What counts as a backend's failure unless the host says otherwise. */
export function isGatewayError({ status }: Response): boolean {
  return isFailureStatus(status);
}

/** The default of `key`. */
function defaultKey(strategy: LoadbalancerOptions['strategy']): AffinityKey {
  const entry: StrategyEntry | undefined = typeof strategy === 'string' ? strategies[strategy] : undefined;
  return entry?.key === 'client-address' ? byClientAddress : byPath;
}
