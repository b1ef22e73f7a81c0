import type { BackendPoolEntry } from '../contracts.ts';
import type { Env } from '../env.ts';
import type { Backend } from '../strategies/strategy.ts';
import { checkWeight } from './address.ts';
import { Census } from './census.ts';
import { Decisions } from './decisions.ts';
import { type BalancerEvent, type BalancerListener, Events } from './events.ts';
import { type Explanation, explanation } from './explanation.ts';
import { Guards } from './guards.ts';
import type { Lease } from './lease.ts';
import { Ledger } from './ledger.ts';
import { DOWN, DRAINING, type Member } from './member.ts';
import { Membership } from './membership.ts';
import { type BalancerOptions, type BalancerSettings, readOptions } from './options.ts';
import { type Plan, type PoolChange, planChange } from './plan.ts';
import { Pool } from './pool.ts';
import { Router } from './router.ts';
import type { Session } from './session.ts';
import type { BalancerStats } from './stats.ts';
import { highestUse, type WorkloadReport } from './workload.ts';

const NOBODY: readonly Backend[] = [];

/**
 * The engine: hands out leases on backends. Pure and synchronous: no I/O, no timers; time and chance come from
 * the injected {@link Env}.
 *
 * @typeParam R - what `acquire` takes; the `key` option says how to get a key out of it
 */
export class Balancer<R = string> {
  readonly #settings: BalancerSettings<R>;
  readonly #events = new Events();
  readonly #pool: Pool;
  readonly #guards: Guards;
  readonly #router: Router;
  readonly #membership: Membership;
  readonly #census: Census;
  readonly #decisions: Decisions<R>;
  readonly #ledger: Ledger;

  /**
   * @param backendPool - the pool; the array is followed, never changed
   * @throws TypeError or RangeError naming the entry or option and its value
   */
  constructor(backendPool: readonly BackendPoolEntry[], options: BalancerOptions<R> = {}) {
    const settings = readOptions(options);
    const { env, bounds, seed, zones, panicRatio } = settings;
    this.#settings = settings;
    this.#pool = new Pool({
      panicRatio,
      zoned: zones !== undefined,
      events: this.#events,
      membersChanged: (removed) => {
        this.#census.membersChanged();
        this.#router.membersChanged(removed);
      },
    });
    this.#guards = new Guards(settings.guards, this.#pool, this.#events, env);
    this.#router = new Router(this.#pool, env.random, {
      zoneOrder: zones?.order ?? [],
      chooser: () => ({ strategy: settings.factory(env), bounds, seed, random: env.random }),
    });
    this.#census = new Census(this.#pool, this.#router);
    const membership = (this.#membership = new Membership(backendPool, this.#pool, this.#events));
    const parts = { pool: this.#pool, guards: this.#guards, router: this.#router, membership };
    this.#decisions = new Decisions(settings, parts);
    this.#ledger = new Ledger(parts);
  }

  /**
   * Chooses a backend and counts the request as its load until the lease is released. Expected O(1) for the default strategy.
   * @param tried - backends that this request was already sent to, which are left out
   * @param session - what ties the request to earlier ones; its backend comes before strategy and bounds
   * @returns `undefined` where nobody may take it
   */
  acquire(request: R, tried: readonly Backend[] = NOBODY, session?: Session): Lease | undefined {
    const chooser = this.#decisions.decide(request, this.#decisions.keyOf(request, session), tried, session);
    return chooser.picked === undefined ? undefined : this.#ledger.open(chooser);
  }

  /** What `acquire` would do with a request, and why, without doing it. O(n). */
  explain(request: R, tried: readonly Backend[] = NOBODY, session?: Session): Explanation {
    const key = this.#decisions.keyOf(request, session);
    const chooser = this.#decisions.decide(request, key, tried, session);
    return explanation(key, chooser, this.#pool, this.#guards);
  }

  /**
   * Whether nobody may take a request only because those who otherwise might have their hands full: then it is worth to wait.
   * @param tried - backends that are left out
   */
  isBusy(tried: readonly Backend[] = NOBODY): boolean {
    return this.#pool.isBusy(tried as readonly Member[]);
  }

  /** When something next changes by itself, in milliseconds of the clock; `Infinity` for never. */
  get dueAt(): number {
    return this.#guards.dueAt;
  }

  /**
   * What a change of the pool would do to the homes of keys: the exact share that moves, and from whom to whom. O(points).
   * @throws TypeError where the strategy has no arcs (only consistent hashing and Maglev have), or zones or backups divide the pool
   * @throws RangeError where the change does not fit the pool
   */
  plan(change: PoolChange): Plan {
    this.#membership.follow();
    return planChange(this.#router.choosers, this.#pool.members, change);
  }

  /** Adds a backend beside those of the caller's array. @throws TypeError or RangeError where the entry is wrong or the id is taken */
  add(entry: BackendPoolEntry): Backend {
    return this.#membership.add(entry);
  }

  /**
   * Takes a backend out at once; its leases run on. One that stands in the caller's array stays out until it has left that array.
   * @returns whether there was one of this id
   */
  remove(id: string): boolean {
    return this.#with(id, (member) => this.#membership.remove(member));
  }

  /**
   * Lets a backend take no new request, except in sessions that are already on it, for a while.
   * @param sessionsMs - how long it keeps those, in milliseconds. @defaultValue 30,000
   * @returns a promise that resolves when its last lease has ended, at once where there is none of this id
   */
  drain(id: string, sessionsMs = 30_000): Promise<void> {
    const member = this.#membership.find(id);
    if (member === undefined) return Promise.resolve();
    return this.#membership.drain(member, this.#settings.env.clock.now() + sessionsMs);
  }

  /** Ends a drain. @returns whether there was one of this id */
  resume(id: string): boolean {
    return this.#setReason(id, DRAINING, false, { type: 'resumed', backend: id });
  }

  /**
   * Changes a backend's weight, until the caller's array gives it another.
   * @returns whether there was one of this id
   * @throws RangeError where the weight is not a number from 0 to 1,000
   */
  setWeight(id: string, weight: number): boolean {
    checkWeight(weight, 'weight');
    return this.#with(id, (member) => this.#membership.setWeight(member, weight));
  }

  /** Takes a backend out for its health: it gets no request, unless the pool is in panic. @param reason - told by the event. @returns whether there was one */
  markDown(id: string, reason?: string): boolean {
    return this.#setReason(id, DOWN, true, { type: 'down', backend: id, reason });
  }

  /** Brings a backend back that {@link Balancer.markDown} took out. @returns whether there was one of this id */
  markUp(id: string): boolean {
    return this.#setReason(id, DOWN, false, { type: 'up', backend: id });
  }

  /**
   * Takes over what calls have made of the balancer whose place this one takes: who was added, removed, drained or marked down, and weights.
   * Where the two arrays differ, this one's counts. Leases, keys and what guards have learnt stay behind. O(n) for each difference.
   */
  takeOver(before: Balancer<R>): void {
    this.#membership.takeOver(before.#membership);
  }

  /**
   * Takes what a backend reports of its own workload, for the strategy `least-workload`.
   * @returns whether there was one of this id
   * @throws RangeError where a value is not a number from 0 to 1
   */
  report(id: string, workload: WorkloadReport): boolean {
    const use = highestUse(workload);
    return this.#with(id, (member) => {
      if (use === undefined) return;
      member.workload = use;
      member.reportedAt = this.#settings.env.clock.now();
    });
  }

  /** The pool in numbers. O(n), and O(points) after a change of members. */
  stats(): BalancerStats {
    this.#membership.follow();
    this.#guards.settle();
    return { ...this.#census.stats(), rejected: this.#membership.rejected };
  }

  /** The members of the pool, in its order. */
  get backends(): readonly Backend[] {
    this.#membership.follow();
    return this.#pool.members;
  }

  /** 16 hexadecimal digits over members, weights, strategy and seed: replicas with the same send keys to the same homes. */
  get fingerprint(): string {
    this.#membership.follow();
    return this.#census.fingerprint;
  }

  /** Calls the listener for every event from now on. @returns a function that ends that */
  subscribe(listener: BalancerListener): () => void {
    return this.#events.subscribe(listener);
  }

  /** Calls the listener whenever a lease has ended, last of all. @returns a function that ends that */
  whenReleased(listener: () => void): () => void {
    return this.#ledger.whenReleased(listener);
  }

  #with(id: string, change: (member: Member) => void): boolean {
    const member = this.#membership.find(id);
    if (member !== undefined) change(member);
    return member !== undefined;
  }

  #setReason(id: string, reason: number, on: boolean, event: BalancerEvent): boolean {
    return this.#with(id, (member) => this.#membership.turn(member, reason, on, event));
  }
}
