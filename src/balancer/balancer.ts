import type { BackendPoolEntry } from '../contracts.ts';
import type { Env } from '../env.ts';
import { checkBag } from '../options/bag.ts';
import { aFunction, checkRule } from '../options/rule.ts';
import { shown } from '../shown.ts';
import { type Backend, isKeyedStrategy } from '../strategies/strategy.ts';
import { checkAcquire } from './acquire-options.ts';
import { checkWeight } from './address.ts';
import { CHECK, type CheckResult } from './check-result.ts';
import type { Chooser } from './chooser.ts';
import { type AcquireOptions, Decisions } from './decisions.ts';
import { DRAIN, type DrainOptions, Drains } from './drains.ts';
import { type BalancerEvent, type BalancerListener, Events } from './events.ts';
import { type Explanation, explanation } from './explanation.ts';
import { Guards } from './guards.ts';
import { keyNameOf } from './key-name.ts';
import type { Lease } from './lease.ts';
import { Leases } from './leases.ts';
import { DOWN, DRAINING, type Member } from './member.ts';
import { Membership } from './membership.ts';
import { type BalancerOptions, type BalancerSettings, readOptions } from './options.ts';
import { CALLER } from './origins.ts';
import type { PlacementListener, PlacementRecall } from './placement.ts';
import { homesOf, type KeyHomes, type Plan, type PoolChange, planBetween, planChange } from './plan.ts';
import { Pool } from './pool.ts';
import { PoolStats } from './pool-stats.ts';
import { Router } from './router.ts';
import {
  type BackendState,
  type BalancerStats,
  MOST_SHARES,
  STATS,
  type StatsOptions,
  stateOf,
} from './stats.ts';
import { Tables } from './tables.ts';
import { Trials } from './trials.ts';
import type { Trust } from './trust.ts';
import { View } from './view.ts';
import { concurrencyIn, highestUse, type WorkloadReport } from './workload.ts';

const NONE_TRIED: readonly Backend[] = [];
const FIRST_ATTEMPT: AcquireOptions = {
  tried: undefined,
  session: undefined,
  repeatable: undefined,
  client: undefined,
  after: undefined,
};

/**
 * The engine: chooses a backend for each request and hands out a lease on it. It is synchronous and does no
 * I/O. It sets no timers but for deadlines of drains: it reads the time and draws random numbers from the
 * injected {@link Env}.
 *
 * @typeParam R - the type of a request; the `key` option derives the key from it
 */
export class Balancer<R = string> {
  readonly #settings: BalancerSettings<R>;
  readonly #events = new Events();
  readonly #pool: Pool;
  readonly #guards: Guards;
  readonly #router: Router;
  readonly #tables: Tables;
  readonly #membership: Membership;
  readonly #poolStats: PoolStats;
  readonly #decisions: Decisions<R>;
  readonly #leases: Leases;
  readonly #view: View;

  /**
   * @param backendPool - the backends. The balancer never changes this array, but notices when the caller
   * does: an entry that was replaced is never picked, other changes are seen within n picks, or 8 in pools of
   * up to 8. `refresh`, `stats`, `explain`, `plan` and `fingerprint` read the whole array.
   * @throws TypeError or RangeError that names the entry or option and its value
   */
  constructor(backendPool: readonly BackendPoolEntry[], options: BalancerOptions<R> = {}) {
    const settings = readOptions(options);
    const { env, bounds, seed, zones, panicRatio, subset } = settings;
    this.#settings = settings;
    this.#pool = new Pool({
      panicRatio,
      zoned: zones !== undefined,
      events: this.#events,
      trials: new Trials(env.clock),
      membersChanged: (inSlices) => {
        this.#poolStats.membersChanged();
        this.#router.membersChanged(inSlices);
      },
      isBehind: () => this.#tables.isBehind(),
      left: (member) => this.#router.left(member),
      forget: (left, isReturning) => this.#router.forget(left, isReturning),
    });
    const view = new View(this.#pool, env.clock);
    this.#guards = new Guards(settings.guards, this.#pool, this.#events, env);
    this.#router = new Router(this.#pool, env.random, {
      zoneOrder: zones?.order ?? [],
      chooser: () => ({
        strategy: settings.factory(env),
        bounds,
        seed,
        random: env.random,
        view,
        warn: this.#events.warn,
        moved: this.#events.moved,
      }),
    });
    const [{ strategy }] = this.#router.choosers as [Chooser];
    if (subset !== undefined && subset.by !== 'cell' && isKeyedStrategy(strategy))
      throw new TypeError(
        `pool.subset.by must be "cell" with the strategy ${strategy.name}, which has keys, got ${shown(subset.by)}`,
      );
    this.#tables = new Tables(this.#pool, this.#router, env);
    this.#poolStats = new PoolStats(this.#pool, this.#router, keyNameOf(settings.key));
    const membership = (this.#membership = new Membership(
      backendPool,
      this.#pool,
      this.#events,
      new Drains(this.#events, env.timers),
      subset,
    ));
    const parts = { pool: this.#pool, guards: this.#guards, router: this.#router, membership, view };
    this.#view = view;
    this.#decisions = new Decisions(settings, parts, this.#events.warn);
    this.#leases = new Leases(parts, this.#events);
  }

  /**
   * Chooses a backend and counts the request as its load until the lease is released. Expected O(1) for the
   * default strategy.
   * @returns `undefined` if no backend may serve the request
   */
  acquire(request: R, options: AcquireOptions = FIRST_ATTEMPT): Lease | undefined {
    if (options !== FIRST_ATTEMPT) checkAcquire(options);
    const key = this.#decisions.keyOf(request, options.session);
    const chooser = this.#decisions.decide(request, key, options);
    return chooser.picked === undefined ? undefined : this.#leases.open(chooser, key, options);
  }

  /** What `acquire` would choose for a request, and why. Reads the whole array; changes nothing. O(n). */
  explain(request: R, options: AcquireOptions = FIRST_ATTEMPT): Explanation {
    if (options !== FIRST_ATTEMPT) checkAcquire(options);
    this.#membership.refresh();
    const key = this.#decisions.keyOf(request, options.session);
    const chooser = this.#decisions.decide(request, key, options);
    return { ...explanation(key, chooser, this.#pool, this.#guards, this.#view), kept: this.#router.kept };
  }

  /**
   * The hash of a request's key, as a 32-bit unsigned integer: the same that `explain` tells, for logs that
   * must not have the key itself. `undefined` for a request without a key.
   */
  hashOf(request: R): number | undefined {
    const key = this.#settings.key(request);
    return key === undefined ? undefined : (this.#router.choosers[0] as Chooser).positionOf(key) >>> 0;
  }

  /**
   * Whether some backend would be eligible if it were not at its limit on requests in flight. Then waiting
   * may help.
   * @param tried - backends that this request was already sent to; they do not count
   */
  isBusy(tried: readonly Backend[] = NONE_TRIED): boolean {
    return this.#pool.isBusy(tried as readonly Member[]);
  }

  /**
   * For a request that is not sent at once: watches whether its backend may still get it.
   * @returns a function that is `false` once the backend has left the pool, or something has come up against
   * it since: it drains, is down, or a guard bars it. A limit on requests in flight does not count. O(1)
   */
  watch(lease: Lease): () => boolean {
    const member = lease.backend as Member;
    const before = member.reasons | this.#pool.busyMask;
    return () => {
      this.#membership.followAtPick();
      this.#guards.advance();
      return this.#membership.confirms(member) && member.present && (member.reasons & ~before) === 0;
    };
  }

  /**
   * The next time at which a backend may be eligible that is not now, in milliseconds of the clock: a guard
   * changes its state by itself, or a backend that failed a trial may be tried again. `Infinity` for never.
   */
  get dueAt(): number {
    return Math.min(this.#guards.dueAt, this.#pool.trials.dueAt);
  }

  /**
   * How a change of the pool would move the homes of keys: the exact share that moves, from which backend to
   * which. O(points).
   * @throws TypeError if the strategy has no arcs (only consistent hashing and Maglev do), or if zones divide
   * the pool
   * @throws RangeError if the change does not fit the pool, for example removes an id that is not in it
   */
  plan(change: PoolChange): Plan {
    this.#membership.refresh();
    return planChange(this.#router.choosers, change);
  }

  /**
   * The homes of all keys as they are now, to be compared later, or with those of another balancer. Backups
   * have none. O(points).
   * @throws TypeError as {@link Balancer.plan}
   */
  homes(): KeyHomes {
    this.#membership.refresh();
    return homesOf(this.#router.choosers);
  }

  /**
   * What has moved since, as {@link Balancer.plan} tells it before. O(points).
   * @param before - of this balancer or of another one, with any strategy
   * @param sameKeys - whether requests have the keys there that they have here. @defaultValue true
   * @throws TypeError as {@link Balancer.plan}
   * @example the cost of a change of the ring: `next.movedSince(balancer.homes()).moved`
   */
  movedSince(before: KeyHomes, sameKeys = true): Plan {
    return planBetween(before, this.homes(), sameKeys);
  }

  /**
   * Adds a backend that is not in the caller's array.
   * @throws TypeError or RangeError if the entry is invalid or the id is in use
   */
  add(entry: BackendPoolEntry): Backend {
    return this.#membership.add(entry);
  }

  /**
   * Sets all backends of one origin in one pass, for a source such as a service registry: backends that the
   * list still has keep their leases, keys and health; those of other origins stay. If several origins list a
   * backend, that of `add` counts, else that of the origin that was set first, else that of the caller's
   * array; weights are not added up across origins. A backend removed by `remove` stays removed until no
   * origin lists it. O(n).
   * @param entries - a copy is made; later changes of the list have no effect
   * @param origin - the name of the source. Without one, the list takes the place of the array that was
   * passed to the constructor, which must be empty and is not followed any more
   * @throws TypeError or RangeError if that array is not empty, or an entry is invalid; then nothing has
   * changed
   */
  replace(entries: readonly BackendPoolEntry[], origin = CALLER): void {
    this.#membership.replace(entries, origin);
  }

  /**
   * As {@link Balancer.replace}, in slices of some 2 ms, between which requests are served; for pools of
   * thousands. The list is read first. Then, at once, backends that it lacks get no new requests, and all
   * calls show the new pool. Until the tables of `consistent-hash` and `maglev` have followed, these give
   * keys of backends that have left to others that they know; new backends get keys when all is done. Of a
   * list that comes meanwhile, the same holds when it is its turn: the last one counts. A change by any other
   * call is seen at once, in one piece.
   * @returns a promise that resolves when the tables have the list, or a later one; rejects where `replace`
   * throws. Of up to 50 backends the pool has them when the call returns.
   */
  async replaceInSlices(entries: readonly BackendPoolEntry[], origin = CALLER): Promise<void> {
    await this.#tables.replace(this.#membership.replaceInSteps(entries, origin));
  }

  /**
   * Removes a backend at once; its leases run on. A backend that is listed in the caller's array stays
   * removed until the array no longer lists it.
   * @param id - of a base URL, any spelling does, here and in all other calls
   * @throws RangeError if the pool has no such backend, here and in all other calls but `has`
   */
  remove(id: string): void {
    this.#membership.remove(this.#membership.get(id));
  }

  /**
   * Drains a backend: it gets no new requests, except those of sessions that it already has, which it keeps
   * for a while. It drains until `resume` is called, whatever the deadline.
   * @returns a promise of the number of leases that it has left: 0 as soon as the last one has ended, more if
   * the deadline came first; rejects if an option is invalid or the pool has no such backend
   */
  async drain(id: string, options: DrainOptions = {}): Promise<number> {
    checkBag(options, DRAIN, 'drain');
    const { deadlineMs, sessionsMs = 30_000 } = options;
    const member = this.#membership.get(id);
    return this.#membership.drain(member, this.#settings.env.clock.now() + sessionsMs, deadlineMs);
  }

  /** Ends a drain. */
  resume(id: string): void {
    this.#setReason(id, DRAINING, false, (backend) => ({ type: 'resumed', backend }));
  }

  /**
   * Changes a backend's weight. The new weight stays until the caller's array lists the backend with another
   * one.
   * @throws RangeError if the weight is not a number from 0 to 1,000
   */
  setWeight(id: string, weight: number): void {
    checkWeight(weight, 'weight');
    this.#membership.setWeight(this.#membership.get(id), weight);
  }

  /**
   * Marks a backend as unhealthy: it gets no requests, unless the pool is in panic.
   * @param reason - passed on in the event
   */
  markDown(id: string, reason?: string): void {
    this.#setReason(id, DOWN, true, (backend) => ({ type: 'down', backend, reason }));
  }

  /**
   * Tells the guards the result of a health check, which confirms what they suspect or ends what they judged
   * wrongly. {@link HealthChecker} does so for every check; it decides by itself about `markDown`.
   */
  checked(id: string, check: CheckResult): void {
    checkBag(check, CHECK, 'check');
    const member = this.#membership.get(id);
    member.passesChecks = check.passed;
    this.#guards.checked(member, check);
  }

  /** Undoes {@link Balancer.markDown}. */
  markUp(id: string): void {
    this.#setReason(id, DOWN, false, (backend) => ({ type: 'up', backend }));
  }

  /**
   * Copies from the balancer that this one replaces what calls changed in it: backends that were added,
   * removed, drained or marked down, and weights. Where the two arrays differ, the array of this balancer
   * wins. Leases, remembered keys and the state of guards are not copied. O(n) for each difference.
   * @throws TypeError if it is no Balancer, or one of another copy of evenkeel: the ES module and the
   * CommonJS build are two copies
   */
  takeOver(before: Balancer<R>): void {
    if (typeof before !== 'object' || before === null || !(#membership in before)) {
      const got = (before as object | undefined)?.constructor?.name ?? String(before);
      throw new TypeError(`before must be a Balancer made by this copy of evenkeel, got ${got}`);
    }
    this.#membership.takeOver(before.#membership);
  }

  /**
   * Records what a backend reports of itself: its workload, for the strategy `least-workload`, and how many
   * requests it can work on at once, for the bound on requests in flight.
   * @throws RangeError if a value is not a number from 0 to 1, or the concurrency not an integer from 1 to
   * 1,000,000
   */
  report(id: string, workload: WorkloadReport): void {
    const use = highestUse(workload);
    const concurrency = concurrencyIn(workload);
    const member = this.#membership.get(id);
    if (concurrency !== undefined) this.#setReported(member, concurrency);
    if (use === undefined) return;
    member.workload = use;
    member.reportedAt = this.#settings.env.clock.now();
  }

  /**
   * Counters and states of the pool and of each backend. O(n), and with shares O(points) after a change of
   * members.
   */
  stats(options: StatsOptions = {}): BalancerStats {
    checkBag(options, STATS, 'stats');
    this.#membership.refresh();
    this.#guards.advance();
    const { shares = this.#pool.members.length <= MOST_SHARES } = options;
    return { ...this.#poolStats.stats(shares), rejected: this.#membership.rejected };
  }

  /** The state of one backend, as {@link Balancer.stats} has it. O(1). */
  stateOf(id: string): BackendState {
    return stateOf(this.#membership.get(id));
  }

  /** The class of trust that one backend is in now; its limits do not count. O(1). */
  trustOf(id: string): Trust {
    this.#guards.advance();
    return this.#pool.trustOf(this.#membership.get(id));
  }

  /** Applies all changes of the caller's array now, rather than as requests come. O(n). */
  refresh(): void {
    this.#membership.refresh();
  }

  /** Whether the pool has a backend of this id, in any spelling. */
  has(id: string): boolean {
    return typeof id === 'string' && this.#membership.find(id) !== undefined;
  }

  /** The backends of the pool, in its order. */
  get backends(): readonly Backend[] {
    this.#membership.follow();
    return this.#pool.members;
  }

  /**
   * A digest of members, weights, strategy, seed, bounds and key, as 16 hexadecimal digits. Replicas with
   * equal fingerprints give each key the same home, and move keys away from it by the same rules. Of keys it
   * knows those by path, header and the like; other functions count as equal.
   */
  get fingerprint(): string {
    this.#membership.refresh();
    return this.#poolStats.fingerprint;
  }

  /** Calls the listener for every event from now on. @returns a function that ends the subscription */
  subscribe(listener: BalancerListener): () => void {
    checkRule(aFunction, listener, 'listener');
    return this.#events.subscribe(listener);
  }

  /**
   * Calls the listener each time a lease has ended, or the head of its response has come, after all counters
   * and guards were updated: there may be room for another request.
   * @returns a function that ends the subscription
   */
  whenReleased(listener: () => void): () => void {
    checkRule(aFunction, listener, 'listener');
    return this.#leases.whenReleased(listener);
  }

  /**
   * Calls the listener with each lease of a key of which another balancer may think otherwise: of every key
   * while up to 32 keys a backend are remembered, then of those away from home. Of strategies with a bound on
   * keys alone. The listener is part of `acquire`; see `shareKeys` of `evenkeel/fleet`.
   * @param recall - is asked for the place of a key that is not remembered, before one is chosen
   * @returns a function that ends it
   * @throws Error if there is a listener already
   */
  onPlaced(listener: PlacementListener, recall?: PlacementRecall): () => void {
    checkRule(aFunction, listener, 'listener');
    if (recall !== undefined) checkRule(aFunction, recall, 'recall');
    if (this.#pool.placed !== undefined) throw new Error('the balancer must have one listener of placements');
    this.#pool.placed = (placement) => listener(placement);
    this.#pool.recall = recall;
    const own = this.#pool.placed;
    return () => {
      if (this.#pool.placed !== own) return;
      this.#pool.placed = undefined;
      this.#pool.recall = undefined;
    };
  }

  /**
   * Puts a key where another balancer has placed it, past the bounds. Without effect where the backend is not
   * in the pool. O(1).
   * @param position - with the fingerprint, what {@link Placement} says of the key
   * @param backend - the id of its backend
   * @param origin - the id of the backend that it is away from; then it is adopted only while that one cannot
   * serve
   * @returns whether it is there now
   */
  adopt(position: number, fingerprint: number, backend: string, origin?: string): boolean {
    const member = this.#pool.get(backend);
    const away = origin === undefined ? undefined : this.#pool.get(origin);
    if (member === undefined || (origin !== undefined && away === undefined)) return false;
    return this.#router.chooserOf(member).places?.adopt(position, fingerprint, member, away) ?? false;
  }

  #setReported(member: Member, concurrency: number): void {
    const own = Math.max(1, Math.floor(concurrency / this.#settings.bounds.sharedBy));
    const before = member.concurrency;
    member.setConcurrency(member.ownConcurrency, own);
    // The sums of its tier hold what it was. It rarely changes.
    if (member.concurrency !== before && member.present) member.tier.sum(this.#pool);
  }

  #setReason(id: string, reason: number, on: boolean, event: (id: string) => BalancerEvent): void {
    const member = this.#membership.get(id);
    this.#membership.setReason(member, reason, on, event(member.id));
  }
}
