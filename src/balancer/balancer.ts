import type { BackendPoolEntry } from '../contracts.ts';
import type { Env } from '../env.ts';
import { digest } from '../hashing/hash.ts';
import type { Backend, Outcome, Strategy } from '../strategies/strategy.ts';
import { checkWeight, readEntry } from './address.ts';
import { Chooser } from './chooser.ts';
import { Drains } from './drains.ts';
import { type BalancerListener, Events } from './events.ts';
import { type Explanation, explanation } from './explanation.ts';
import { Lease, type Lessor } from './lease.ts';
import { DOWN, DRAINING, type Member } from './member.ts';
import { type BalancerOptions, readOptions } from './options.ts';
import { type Plan, type PoolChange, planChange } from './plan.ts';
import { Pool } from './pool.ts';
import { PoolFollower } from './pool-follower.ts';
import { type BalancerStats, backendStats, homeShares } from './stats.ts';
import { highestUse, type WorkloadReport } from './workload.ts';

const NOBODY: readonly Backend[] = [];

/**
 * The engine: hands out leases on backends. Pure and synchronous: no I/O, no timers; time and chance come from
 * the injected {@link Env}.
 *
 * @typeParam R - what `acquire` takes; the `key` option says how to get a key out of it
 * @example
 * ```ts
 * const balancer = new Balancer(['http://10.0.0.1:8080', 'http://10.0.0.2:8080']);
 * const lease = balancer.acquire('user-7');
 * try { await fetch(`${lease.backend.url}/cart`) } finally { lease.release() }
 * ```
 */
export class Balancer<R = string> implements Lessor {
  readonly #pool: Pool;
  readonly #follower: PoolFollower;
  readonly #chooser: Chooser;
  readonly #strategy: Strategy;
  readonly #events = new Events();
  readonly #drains = new Drains(this.#events);
  readonly #env: Env;
  readonly #keyOf: (request: R) => string | undefined;
  /** Messages of rejected entries that were already told. */
  #told = new Set<string>();
  /** Worked out on demand, for the membership as it is. */
  #shares: Map<string, number> | undefined;
  #fingerprint: string | undefined;

  /**
   * @param backendPool - the pool; the array is followed, never changed
   * @throws TypeError or RangeError naming the entry or option and its value
   */
  constructor(backendPool: readonly BackendPoolEntry[], options: BalancerOptions<R> = {}) {
    const settings = readOptions(options);
    this.#env = settings.env;
    this.#keyOf = settings.key;
    this.#strategy = settings.factory(settings.env);
    this.#pool = new Pool(settings.panicRatio, this.#events, (removed) => this.#membersChanged(removed));
    this.#chooser = new Chooser(this.#strategy, this.#pool, { ...settings, random: settings.env.random });
    this.#follower = new PoolFollower(backendPool, 'backendPool');
    const listed = this.#follower.read();
    if (this.#follower.rejected.length > 0) throw this.#follower.error;
    this.#pool.reconcile(listed);
  }

  /**
   * Chooses a backend and counts the request as its load until the lease is released. Expected O(1) for the default strategy.
   * @param tried - backends that this request was already sent to, which are left out
   * @returns `undefined` where nobody may take it
   */
  acquire(request: R, tried: readonly Backend[] = NOBODY): Lease | undefined {
    this.#choose(this.#keyOf(request), tried);
    const member = this.#chooser.picked;
    if (member === undefined) return undefined;
    const lease = new Lease(member, this.#chooser.spilled, this);
    this.#chooser.commit();
    this.#pool.begin(member);
    member.requests++;
    this.#strategy.started?.(lease);
    return lease;
  }

  /** What `acquire` would do with a request, and why, without doing it. O(n). */
  explain(request: R, tried: readonly Backend[] = NOBODY): Explanation {
    const key = this.#keyOf(request);
    this.#choose(key, tried);
    return explanation(key, this.#chooser, this.#pool);
  }

  /**
   * What a change of the pool would do to the homes of keys: the exact share that moves, and from whom to whom. O(points).
   * @throws TypeError where the strategy has no arcs (only consistent hashing and Maglev have)
   * @throws RangeError where the change does not fit the pool
   */
  plan(change: PoolChange): Plan {
    this.#follow();
    return planChange(this.#strategy, this.#pool.members, change);
  }

  /**
   * Adds a backend beside those of the caller's array.
   * @throws TypeError or RangeError where the entry is wrong or the id is taken
   */
  add(entry: BackendPoolEntry): Backend {
    this.#follow();
    return this.#pool.add(readEntry(entry, 'backend'));
  }

  /**
   * Takes a backend out at once; its leases run on. One that stands in the caller's array stays out until it has left that array.
   * @returns whether there was one of this id
   */
  remove(id: string): boolean {
    const member = this.#find(id);
    if (member !== undefined) this.#pool.remove(member);
    return member !== undefined;
  }

  /**
   * Lets a backend take no new request.
   * @returns a promise that resolves when its last lease has ended, at once where there is none of this id
   */
  drain(id: string): Promise<void> {
    const member = this.#find(id);
    if (member === undefined) return Promise.resolve();
    if (this.#pool.setReason(member, DRAINING, true)) this.#events.emit({ type: 'draining', backend: id });
    const drained = this.#drains.wait(member);
    this.#drains.settle(member);
    return drained;
  }

  /** Ends a drain: the backend takes requests again. @returns whether there was one of this id */
  resume(id: string): boolean {
    return this.#setReason(id, DRAINING, false, 'resumed');
  }

  /**
   * Changes a backend's weight, until the caller's array gives it another.
   * @returns whether there was one of this id
   * @throws RangeError where the weight is not a number from 0 to 1,000
   */
  setWeight(id: string, weight: number): boolean {
    checkWeight(weight, 'weight');
    const member = this.#find(id);
    if (member !== undefined) this.#pool.setWeight(member, weight);
    return member !== undefined;
  }

  /** Takes a backend out for its health: it gets no request, unless the pool is in panic. @returns whether there was one of this id */
  markDown(id: string): boolean {
    return this.#setReason(id, DOWN, true, 'down');
  }

  /** Brings a backend back that {@link Balancer.markDown} took out. @returns whether there was one of this id */
  markUp(id: string): boolean {
    return this.#setReason(id, DOWN, false, 'up');
  }

  /**
   * Takes what a backend reports of its own workload, for the strategy `least-workload`.
   * @returns whether there was one of this id
   * @throws RangeError where a value is not a number from 0 to 1
   */
  report(id: string, workload: WorkloadReport): boolean {
    const use = highestUse(workload);
    const member = this.#find(id);
    if (member === undefined || use === undefined) return member !== undefined;
    member.workload = use;
    member.reportedAt = this.#env.clock.now();
    return true;
  }

  /** The pool in numbers. O(n), and O(points) after a change of members. */
  stats(): BalancerStats {
    this.#follow();
    this.#shares ??= homeShares(this.#strategy, this.#pool.members);
    return {
      strategy: this.#strategy.name,
      fingerprint: this.fingerprint,
      inFlight: this.#pool.inFlight,
      keys: this.#chooser.places?.size ?? 0,
      panic: this.#pool.panic,
      backends: this.#pool.members.map((member) =>
        backendStats(member, this.#shares && (this.#shares.get(member.id) ?? 0)),
      ),
      rejected: this.#follower.rejected,
    };
  }

  /** The members of the pool, in its order. */
  get backends(): readonly Backend[] {
    this.#follow();
    return this.#pool.members;
  }

  /**
   * 16 hexadecimal digits over members, weights, strategy and seed: replicas that send keys to the same homes have the same one.
   */
  get fingerprint(): string {
    this.#follow();
    this.#fingerprint ??= digest(
      JSON.stringify([
        this.#strategy.name,
        this.#chooser.seed,
        this.#pool.members
          .map(({ id, weight }) => [id, weight])
          .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
      ]),
    );
    return this.#fingerprint;
  }

  /** Calls the listener for every event from now on. @returns a function that ends that */
  subscribe(listener: BalancerListener): () => void {
    return this.#events.subscribe(listener);
  }

  /** @internal */
  ended(lease: Lease, outcome: Outcome): void {
    const member = lease.backend as Member;
    this.#pool.end(member);
    if (outcome === 'failure') member.failures++;
    else if (outcome === 'cancelled') member.cancelled++;
    this.#strategy.finished?.(lease, outcome);
    if (member.inFlight === 0 && this.#drains.waiting) this.#drains.settle(member);
  }

  #choose(key: string | undefined, tried: readonly Backend[]): void {
    this.#follow();
    this.#chooser.choose(key, tried);
    const { picked } = this.#chooser;
    if (picked === undefined || !this.#follower.hasChangedAt(picked.place)) return;
    this.#read();
    this.#chooser.choose(key, tried);
  }

  #follow(): void {
    if (this.#follower.hasChanged()) this.#read();
  }

  #read(): void {
    this.#pool.reconcile(this.#follower.read());
    const messages = new Set<string>();
    for (const { index, message } of this.#follower.rejected) {
      messages.add(message);
      if (!this.#told.has(message)) this.#events.emit({ type: 'rejected', index, message });
    }
    this.#told = messages;
  }

  #membersChanged(removed: readonly Member[]): void {
    this.#shares = undefined;
    this.#fingerprint = undefined;
    this.#chooser.membersChanged(removed);
  }

  #find(id: string): Member | undefined {
    this.#follow();
    return this.#pool.get(id);
  }

  #setReason(id: string, reason: number, on: boolean, type: 'up' | 'down' | 'resumed'): boolean {
    const member = this.#find(id);
    if (member === undefined) return false;
    if (this.#pool.setReason(member, reason, on)) this.#events.emit({ type, backend: id });
    return true;
  }
}
