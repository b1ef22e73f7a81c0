// A queue of requests that wait for a backend with room.

import type { Balancer } from '../balancer/balancer.ts';
import type { AcquireOptions } from '../balancer/decisions.ts';
import type { Lease } from '../balancer/lease.ts';
import type { Session } from '../balancer/session.ts';
import type { Env } from '../env.ts';
import { OverloadedError } from '../errors.ts';
import { type Bag, bag, checkBag, pickNames, withDefaults } from '../options/bag.ts';
import { anInteger, aTimeout } from '../options/rule.ts';
import type { Backend } from '../strategies/strategy.ts';
import { Alarm } from './alarm.ts';
import { type Ending, type LeaseQueueStats, QueueTally } from './queue-tally.ts';

export type { LeaseQueueStats } from './queue-tally.ts';

/** Settings of a {@link LeaseQueue}. */
export interface LeaseQueueOptions {
  /**
   * How many requests may wait for each backend in the pool, from 0 to 100,000; with 0 none waits.
   * @defaultValue 100
   */
  readonly limit?: number;
  /** The longest wait of a request, in milliseconds, above 0. @defaultValue 3,000 */
  readonly timeoutMs?: number;
}

/** The defaults. */
export const QUEUE_DEFAULTS: Required<LeaseQueueOptions> = { limit: 100, timeoutMs: 3_000 };

/** The rules of the options. */
export const QUEUE: Bag<LeaseQueueOptions> = bag<LeaseQueueOptions>({
  limit: anInteger(0, 100_000),
  timeoutMs: aTimeout,
});

/** A request that waits for a lease. */
export interface Wait<R> {
  readonly request: R;
  readonly options: AcquireOptions;
  /** A shorter time limit for this request, in milliseconds. */
  readonly limitMs?: number;
  /**
   * Called once, unless the wait was ended before by the client. Its arguments are a lease, which must be
   * released; or an error, which is an OverloadedError after a timeout, or an error of the key function or
   * the strategy; or neither, if no backend is left to wait for.
   */
  readonly ended: (lease: Lease | undefined, error?: unknown) => void;
}

interface Waiter<R> {
  readonly wait: Wait<R>;
  readonly tried: readonly Backend[];
  readonly session: Session | undefined;
  /** Whether it may be a trial of an unhealthy backend, where other requests must wait. */
  readonly repeatable: boolean;
  /**
   * Whether it has tried backends or a session, so that its result may differ from that of other requests.
   */
  readonly isPicky: boolean;
  readonly since: number;
  readonly cancelTimer: () => void;
}

/**
 * Lets requests wait, first come, first served, while every backend is at its limit. If a request was already
 * sent to the backend that now has room, the next request gets it.
 *
 * @typeParam R - the type of a request
 */
export class LeaseQueue<R> {
  readonly #balancer: Balancer<R>;
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #limit: number;
  readonly #timeoutMs: number;
  /** In the order of arrival. */
  readonly #waiters = new Set<Waiter<R>>();
  readonly #tally = new QueueTally();
  readonly #alarm: Alarm;
  /** Number of picky waiters. */
  #picky = 0;
  /** How many of them may be trials. */
  #repeatable = 0;
  /** Whether the pool may have changed since the last dispatch. */
  #isStale = false;
  /**
   * Ends the subscriptions; `undefined` while the queue is empty, as an empty queue subscribes to nothing.
   */
  #ignore: (() => void) | undefined;

  /** @throws RangeError if an option is out of range */
  constructor(balancer: Balancer<R>, options: LeaseQueueOptions & Pick<Env, 'clock' | 'timers'>) {
    const own = pickNames(options, QUEUE.shape);
    checkBag(own, QUEUE, 'queue');
    const { limit, timeoutMs } = withDefaults(own, QUEUE_DEFAULTS);
    this.#balancer = balancer;
    this.#env = options;
    this.#alarm = new Alarm(options, () => this.#dispatch());
    this.#limit = limit;
    this.#timeoutMs = timeoutMs;
  }

  /** Requests that wait now. */
  get depth(): number {
    return this.#waiters.size;
  }

  /** The counters of the queue. */
  get stats(): LeaseQueueStats {
    return this.#tally.stats(this.depth);
  }

  /** Acquires a lease if a backend has room now. Waiting requests are served before. */
  tryAcquire(request: R, options?: AcquireOptions): Lease | undefined {
    if (this.#waiters.size > 0) this.#catchUp();
    return this.#balancer.acquire(request, options);
  }

  /**
   * Lets a request wait for a lease, after `tryAcquire` found none because every backend is at its limit.
   * @returns a function that ends the wait when the client leaves; `undefined` if the queue is full
   */
  wait(wait: Wait<R>): (() => void) | undefined {
    if (this.#waiters.size >= this.#limit * this.#balancer.backends.length) {
      this.#tally.refused++;
      return undefined;
    }
    const { options, limitMs = Number.POSITIVE_INFINITY } = wait;
    const timeoutMs = Math.min(this.#timeoutMs, Math.max(1, Math.ceil(limitMs)));
    const giveUp = () => {
      // A backend that becomes free at this very moment still serves.
      this.#catchUp();
      if (this.#end(waiter, 'timedOut'))
        wait.ended(undefined, this.overloaded(`every backend was busy for ${timeoutMs} ms`));
    };
    const { timers, clock } = this.#env;
    const cancelTimer = timers.schedule(giveUp, timeoutMs);
    const { session, repeatable = false } = options;
    const tried = [...(options.tried ?? [])];
    const isPicky = tried.length > 0 || session?.backend !== undefined;
    const waiter = { wait, tried, session, repeatable, isPicky, since: clock.now(), cancelTimer };
    this.#waiters.add(waiter);
    if (isPicky) this.#picky++;
    if (repeatable) this.#repeatable++;
    this.#listen();
    this.#alarm.set(this.#balancer.dueAt);
    return () => void this.#end(waiter, 'cancelled');
  }

  /**
   * The error of a request that gets no lease. After its `retryAfterMs`, all requests that wait now have
   * ended their wait.
   */
  overloaded(message = 'every backend is busy and the queue is full'): OverloadedError {
    return new OverloadedError(this.#timeoutMs, message);
  }

  /** Serves requests that wait before a new one, if a backend has become free unnoticed. */
  #catchUp(): void {
    // Reading the backends follows the caller's array, which may have grown.
    const isEmpty = this.#balancer.backends.length === 0;
    if (isEmpty || this.#isStale || this.#alarm.isDue) this.#dispatch();
  }

  #dispatch(): void {
    this.#isStale = false;
    /** Whether unconstrained requests must keep waiting; `undefined` until one `acquire` has failed. */
    let isBusy: boolean | undefined;
    const fullSessions = new Set<string>();
    /** Whether there is no trial left for those who may be one. */
    let areTrialsTaken = false;
    for (const waiter of this.#waiters) {
      if (isBusy === true && this.#picky === 0 && (areTrialsTaken || this.#repeatable === 0)) break;
      const { wait, tried, session, repeatable } = waiter;
      const ownBackend = session?.backend;
      // A draining backend may still serve its own sessions. One failed attempt for a session's backend is
      // enough to skip the others.
      const isHopeless =
        isBusy !== undefined &&
        (areTrialsTaken || !repeatable) &&
        (ownBackend === undefined || fullSessions.has(ownBackend));
      try {
        const lease = isHopeless
          ? undefined
          : this.#balancer.acquire(wait.request, { tried, session, repeatable });
        if (lease !== undefined) {
          this.#end(waiter, 'served');
          wait.ended(lease);
          continue;
        }
        if (tried.length === 0) {
          isBusy ??= this.#balancer.isBusy();
          areTrialsTaken ||= repeatable;
          if (ownBackend !== undefined) fullSessions.add(ownBackend);
        }
        if (tried.length === 0 ? isBusy : this.#balancer.isBusy(tried)) continue;
        this.#end(waiter, 'abandoned');
        wait.ended(undefined);
      } catch (error) {
        this.#end(waiter, 'abandoned');
        wait.ended(undefined, error);
      }
    }
    if (this.#waiters.size > 0) this.#alarm.set(this.#balancer.dueAt);
  }

  /** @returns whether the wait was still open */
  #end(waiter: Waiter<R>, ending: Ending): boolean {
    if (!this.#waiters.delete(waiter)) return false;
    if (waiter.isPicky) this.#picky--;
    if (waiter.repeatable) this.#repeatable--;
    waiter.cancelTimer();
    this.#tally.ended(ending, this.#env.clock.now() - waiter.since);
    if (this.#waiters.size === 0) {
      this.#ignore?.();
      this.#ignore = undefined;
      this.#alarm.set(Number.POSITIVE_INFINITY);
    }
    return true;
  }

  #listen(): void {
    if (this.#ignore !== undefined) return;
    const ends = [this.#balancer.whenReleased(this.#changed), this.#balancer.subscribe(this.#changed)];
    this.#ignore = () => {
      for (const end of ends) end();
    };
  }

  /** Dispatches in a microtask, as the engine may be in the middle of a decision. */
  readonly #changed = (): void => {
    if (this.#isStale) return;
    this.#isStale = true;
    void Promise.resolve().then(() => {
      if (this.#isStale) this.#dispatch();
    });
  };
}
