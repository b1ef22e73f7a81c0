import { isFailureStatus } from '../../http/failure-statuses.ts';
import {
  type BackendPoolEntry,
  Balancer,
  type BalancerOptions,
  type BalancerStats,
  byPath,
  type Env,
  type FailoverOptions,
  type FailoverStats,
  type LeaseQueueOptions,
  type LeaseQueueStats,
  type Request,
  systemEnv,
} from '../../index.ts';
import { type AttemptRules, BALANCER, Failover, LeaseQueue } from '../../internal.ts';
import { ifOn, pickNames } from '../../options/bag.ts';

/** How a client sends through a pool. */
export interface ClientOptions {
  /**
   * Whether an answer of this status counts as its backend's failure. It is passed on all the same.
   * @defaultValue 502, 503 and 504
   */
  readonly isFailure?: (status: number) => boolean;
  /** Sends a request that failed to another backend, where that cannot do harm. @defaultValue off */
  readonly failover?: FailoverOptions | boolean;
  /** Lets requests wait for a place when every backend has its hands full. @defaultValue off */
  readonly queue?: LeaseQueueOptions | boolean;
  readonly env?: Partial<Env>;
}

/** A pool as its clients see it, in numbers. */
export interface ClientStats extends BalancerStats {
  /** `undefined` where failover is off. */
  readonly failover: FailoverStats | undefined;
  /** `undefined` where the queue is off. */
  readonly queue: LeaseQueueStats | undefined;
}

/** What all requests of one client share: the engine, and the rules of attempts. */
export class ClientPool implements AttemptRules<Request> {
  readonly balancer: Balancer<Request>;
  readonly env: Env;
  readonly isFailure: (status: number) => boolean;
  readonly failover: Failover | undefined;
  readonly queue: LeaseQueue<Request> | undefined;

  /**
   * @param backends - a pool of its own, whose array is followed, or a balancer that others may use, too
   * @throws TypeError or RangeError naming the entry or option and its value
   */
  constructor(
    backends: readonly BackendPoolEntry[] | Balancer<Request>,
    options: ClientOptions & BalancerOptions<Request>,
  ) {
    const { isFailure = isFailureStatus } = options;
    const [failover, queue] = [ifOn(options.failover), ifOn(options.queue)];
    this.env = { ...systemEnv, ...options.env };
    this.isFailure = isFailure;
    this.balancer = isBalancer(backends)
      ? backends
      : new Balancer(backends, { key: byPath, ...pickNames(options, BALANCER) });
    this.failover = failover && new Failover(failover, this.env.random);
    const { timers, clock } = this.env;
    this.queue = queue && new LeaseQueue(this.balancer, { ...queue, timers, clock });
  }

  stats(): ClientStats {
    return { ...this.balancer.stats(), failover: this.failover?.stats, queue: this.queue?.stats };
  }
}

/** By what it does: a copy of the class from another module system is as good. */
function isBalancer(
  backends: readonly BackendPoolEntry[] | Balancer<Request>,
): backends is Balancer<Request> {
  return typeof (backends as Partial<Balancer<Request>> | undefined)?.acquire === 'function';
}
