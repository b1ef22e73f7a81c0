import type { Balancer } from '../balancer/balancer.ts';
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
  /** How many requests may wait for each backend in the pool, from 0 to 100,000; 0 turns all away at once. @defaultValue 100 */
  readonly limit?: number;
  /** Milliseconds that a request waits at the most, above 0. @defaultValue 3,000 */
  readonly timeoutMs?: number;
}

/** What is not given. */
export const QUEUE_DEFAULTS: Required<LeaseQueueOptions> = { limit: 100, timeoutMs: 3_000 };

/** What the options of a queue must be. */
export const QUEUE: Bag<LeaseQueueOptions> = bag<LeaseQueueOptions>({
  limit: anInteger(0, 100_000),
  timeoutMs: aTimeout,
});

/** A request that waits for a lease. */
export interface Wait<R> {
  readonly request: R;
  /** Backends that this request was already sent to, which are left out. */
  readonly tried: readonly Backend[] | undefined;
  readonly session: Session | undefined;
  /** Milliseconds, if it may wait less than others. */
  readonly limitMs?: number;
  /**
   * Called once, unless the wait was left before. With a lease, which must be released; with an error: OverloadedError after
   * too long a wait, or an error of the key function or the strategy; or with neither: no backend is left to wait for.
   */
  readonly ended: (lease: Lease | undefined, error?: unknown) => void;
}

interface Waiter<R> {
  readonly wait: Wait<R>;
  readonly tried: readonly Backend[];
  /** Whether it may get on, or be lost, where others can only wait. */
  readonly isPicky: boolean;
  readonly since: number;
  readonly cancelTimer: () => void;
}

/**
 * Lets requests wait, first come, first served, while every backend is busy. A request that has already tried the backend
 * that became free lets the next one have it.
 *
 * @typeParam R - what the balancer's `acquire` takes
 */
export class LeaseQueue<R> {
  readonly #balancer: Balancer<R>;
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #limit: number;
  readonly #timeoutMs: number;
  /** In the order in which they came. */
  readonly #waiters = new Set<Waiter<R>>();
  readonly #tally = new QueueTally();
  readonly #alarm: Alarm;
  /** How many of them are picky. */
  #picky = 0;
  /** Whether something has changed since the last dispatch. */
  #isStale = false;
  /** An idle queue listens to nothing, so that it costs nothing. */
  #ignore: (() => void) | undefined;

  /** @throws RangeError where an option is out of range */
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

  /** The queue in numbers. */
  get stats(): LeaseQueueStats {
    return this.#tally.stats(this.depth);
  }

  /** Acquires a lease if a backend has room now; requests that wait come first. */
  tryAcquire(request: R, tried?: readonly Backend[], session?: Session): Lease | undefined {
    if (this.#waiters.size > 0) this.#catchUp();
    return this.#balancer.acquire(request, tried, session);
  }

  /**
   * Waits for a lease, for a request for which `tryAcquire` found none because every backend is busy.
   * @returns a function that ends the wait when the client leaves; `undefined` if the queue is full
   */
  wait(wait: Wait<R>): (() => void) | undefined {
    if (this.#waiters.size >= this.#limit * this.#balancer.backends.length) {
      this.#tally.refused++;
      return undefined;
    }
    const { tried = [], session, limitMs = Number.POSITIVE_INFINITY } = wait;
    const timeoutMs = Math.min(this.#timeoutMs, Math.max(1, Math.ceil(limitMs)));
    const giveUp = () => {
      // A backend that becomes free at this very moment still serves.
      this.#catchUp();
      if (this.#end(waiter, 'timedOut'))
        wait.ended(undefined, this.overloaded(`every backend was busy for ${timeoutMs} ms`));
    };
    const { timers, clock } = this.#env;
    const cancelTimer = timers.schedule(giveUp, timeoutMs);
    const isPicky = tried.length > 0 || session?.backend !== undefined;
    const waiter = { wait, tried: [...tried], isPicky, since: clock.now(), cancelTimer };
    this.#waiters.add(waiter);
    if (isPicky) this.#picky++;
    this.#listen();
    this.#alarm.set(this.#balancer.dueAt);
    return () => void this.#end(waiter, 'cancelled');
  }

  /** The error of a request that gets no lease. After its time every request that waits now has been served or has left. */
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
    for (const waiter of this.#waiters) {
      if (isBusy === true && this.#picky === 0) break;
      const { wait, tried } = waiter;
      const { request, session } = wait;
      const ownBackend = session?.backend;
      // A draining backend may still take its own sessions. Once is enough to know.
      const isHopeless = isBusy !== undefined && (ownBackend === undefined || fullSessions.has(ownBackend));
      try {
        const lease = isHopeless ? undefined : this.#balancer.acquire(request, tried, session);
        if (lease !== undefined) {
          this.#end(waiter, 'served');
          wait.ended(lease);
          continue;
        }
        if (tried.length === 0) {
          isBusy ??= this.#balancer.isBusy();
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

  /** @returns whether the wait had not ended before */
  #end(waiter: Waiter<R>, ending: Ending): boolean {
    if (!this.#waiters.delete(waiter)) return false;
    if (waiter.isPicky) this.#picky--;
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

  /** Not at once: the engine may be in the middle of a decision. */
  readonly #changed = (): void => {
    if (this.#isStale) return;
    this.#isStale = true;
    void Promise.resolve().then(() => {
      if (this.#isStale) this.#dispatch();
    });
  };
}
