import type { BalancerOptions } from './balancer/options.ts';
import type { Request, Response } from './contracts.ts';
import { checkTimeout } from './deadline.ts';
import { type HealthCheckOptions, readHealthOptions } from './health/health-options.ts';
import type { LoadMetricsFeedOptions } from './health/load-metrics-feed.ts';
import { isFailureStatus } from './http/failure-statuses.ts';
import { type StrategyEntry, strategies } from './strategies/registry.ts';
import { type AffinityKey, byClientAddress, byPath } from './traffic/affinity.ts';
import type { FailoverOptions } from './traffic/failover.ts';
import type { RateLimitOptions } from './traffic/gate.ts';
import type { LeaseQueueOptions } from './traffic/lease-queue.ts';
import type { SessionPolicy } from './traffic/sessions.ts';

/** Settings of a `Loadbalancer`: those of the engine, and how to send. */
export interface LoadbalancerOptions extends BalancerOptions<Request> {
  /**
   * The key of a request; equal keys go to one backend. `undefined` means that the request has none: it is placed at random, in
   * proportion to the weights. @defaultValue the path with its query; with the strategy `ip-hash` the client's address
   */
  readonly key?: AffinityKey;
  /** Milliseconds for one backend's answer, above 0. @defaultValue none: the HTTP service decides */
  readonly timeoutMs?: number;
  /** Milliseconds for everything, with waits and retries, above 0. @defaultValue none */
  readonly totalTimeoutMs?: number;
  /** Whether an answer counts as the backend's failure. It is passed on all the same. @defaultValue status 502, 503 or 504 */
  readonly isFailure?: (response: Response) => boolean;
  /** Sends a request that failed to another backend, where that cannot do harm. @defaultValue off */
  readonly failover?: FailoverOptions | true;
  /** Lets requests wait for a place when every backend has its hands full. @defaultValue off */
  readonly queue?: LeaseQueueOptions | true;
  /** Keeps the requests of one session on one backend. @defaultValue off */
  readonly sessions?: SessionPolicy;
  /** Refuses requests of those who send too many. @defaultValue off */
  readonly rateLimit?: RateLimitOptions;
  /** Feeds the strategy `least-workload` with what backends report in the ORCA header of their answers. @defaultValue off */
  readonly loadMetrics?: LoadMetricsFeedOptions | true;
  /** Checks every backend, takes out those that fail and brings them back. Needs `close()`. @defaultValue off */
  readonly health?: HealthCheckOptions | true;
}

/** Settings of one request. */
export interface RequestOptions {
  /** Aborts when the client has left. */
  readonly signal?: AbortSignal | undefined;
}

/** Checks what its users would call otherwise. @throws RangeError or TypeError naming the option and the value */
export function checkOptions({ timeoutMs, totalTimeoutMs, health }: LoadbalancerOptions): void {
  checkTimeout(timeoutMs, 'timeoutMs');
  checkTimeout(totalTimeoutMs, 'totalTimeoutMs');
  if (health && health !== true) readHealthOptions(health, 'health.');
}

/** What counts as a backend's failure unless the host says otherwise. */
export function isGatewayError({ status }: Response): boolean {
  return isFailureStatus(status);
}

/** What the key is unless the host says otherwise: the registry knows for strategies by name. */
export function defaultKey(strategy: LoadbalancerOptions['strategy']): AffinityKey {
  const entry: StrategyEntry | undefined = typeof strategy === 'string' ? strategies[strategy] : undefined;
  return entry?.key === 'client-address' ? byClientAddress : byPath;
}
