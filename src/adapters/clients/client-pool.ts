// The pool of a client over `fetch` or undici: its engine, failover and queue.

import type { Discovery } from '../../discovery/discovery.ts';
import { type Following, follow } from '../../discovery/following.ts';
import { A_SOURCE, type DiscoveryStats } from '../../discovery/steady.ts';
import { isFailureStatus } from '../../http/failure-statuses.ts';
import {
  type BackendPoolEntry,
  Balancer,
  type BalancerOptions,
  type BalancerStats,
  byPath,
  type Env,
  type FailoverOptions,
  type LeaseQueueOptions,
  type Request,
  systemEnv,
} from '../../index.ts';
import {
  type AttemptRules,
  BALANCER,
  BALANCER_MOVED,
  FAILOVER_RULE,
  Failover,
  LeaseQueue,
  QUEUE,
} from '../../internal.ts';
import { aBag, type Bag, checkBag, ifOn, pickNames, type Shape } from '../../options/bag.ts';
import { anEnv } from '../../options/env-bag.ts';
import { aFunction, orBoolean } from '../../options/rule.ts';
import type { FailoverStats } from '../../traffic/failover.ts';
import type { LeaseQueueStats } from '../../traffic/queue-tally.ts';

/** Settings of a client. */
export interface ClientOptions {
  /**
   * Whether a response with this status counts as a failure of the backend. It is passed on in any case.
   * @defaultValue 502, 503 and 504
   */
  readonly isFailure?: (status: number) => boolean;
  /** Retries a failed request on another backend, if that is safe. @defaultValue off */
  readonly failover?: FailoverOptions | boolean;
  /** Lets requests wait while every backend is at its limit. @defaultValue off */
  readonly queue?: LeaseQueueOptions | boolean;
  /**
   * A source of backends beside the array: see `evenkeel/discovery`. It is watched until the client is
   * closed.
   * @defaultValue none
   */
  readonly discovery?: Discovery;
  readonly env?: Partial<Env>;
}

/** What the options of every client must be. */
export const CLIENT: Shape<ClientOptions> = {
  isFailure: aFunction,
  failover: orBoolean(FAILOVER_RULE),
  queue: orBoolean(aBag(QUEUE)),
  discovery: A_SOURCE,
  env: anEnv,
};

/** What messages and checks must know of a kind of client. */
export interface ClientKind {
  /** The options that it has beside those of a balancer. */
  readonly own: Bag<unknown>;
  /** Its name. */
  readonly of: string;
}

/** A balancer that is shared has its options already. */
function withBalancer(own: Bag<unknown>): Bag<unknown> {
  return { shape: { ...BALANCER, ...own.shape }, moved: BALANCER_MOVED };
}

/** The figures of a client's pool. */
export interface ClientStats extends BalancerStats {
  /** `undefined` if failover is off. */
  readonly failover: FailoverStats | undefined;
  /** `undefined` if the queue is off. */
  readonly queue: LeaseQueueStats | undefined;
  /** The figures of the source of backends; `undefined` if there is none. */
  readonly discovery: DiscoveryStats | undefined;
}

/** The parts that all requests of one client share: the engine and the rules of attempts. */
export class ClientPool implements AttemptRules<Request> {
  readonly balancer: Balancer<Request>;
  readonly env: Env;
  readonly isFailure: (status: number) => boolean;
  readonly failover: Failover | undefined;
  readonly queue: LeaseQueue<Request> | undefined;
  readonly #following: Following | undefined;

  /**
   * @param backends - the array of a pool of its own, which is followed, or a balancer that may be shared
   * @throws TypeError or RangeError that names the entry or option and its value
   */
  constructor(
    backends: readonly BackendPoolEntry[] | Balancer<Request>,
    options: ClientOptions & BalancerOptions<Request>,
    { own, of }: ClientKind,
  ) {
    checkBag(options, isBalancer(backends) ? own : withBalancer(own), '', of);
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
    const { discovery } = options;
    this.#following = discovery && follow(this.balancer, discovery, { env: this.env });
  }

  stats(): ClientStats {
    const [failover, queue] = [this.failover?.stats, this.queue?.stats];
    return { ...this.balancer.stats(), failover, queue, discovery: this.#following?.stats() };
  }

  /** Ends the watch over the source of backends. */
  close(): void {
    this.#following?.close();
  }
}

/** Whether a value is a balancer. It checks methods, as the class may come from another build. */
function isBalancer(
  backends: readonly BackendPoolEntry[] | Balancer<Request>,
): backends is Balancer<Request> {
  return typeof (backends as Partial<Balancer<Request>> | undefined)?.acquire === 'function';
}
