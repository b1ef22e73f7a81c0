import type { Env } from '../env.ts';
import { notCalled } from '../options/bag.ts';
import { anObjectWith, checkRule } from '../options/rule.ts';
import { shown } from '../shown.ts';
import type { Backend, Outcome } from '../strategies/strategy.ts';
import type { CheckResult } from './check-result.ts';
import type { Events } from './events.ts';
import type { Guard, GuardControl, GuardFactory } from './guard.ts';
import type { Failure, HeldLease } from './lease.ts';
import { FIRST_GUARD, type Member } from './member.ts';
import type { Pool } from './pool.ts';

/** The guards of one balancer. Each guard has a bit of its own among the reasons that bar a member. */
export class Guards {
  readonly #guards: readonly Guard[];
  /** The guards with a `started` hook, and those with a `finished` hook. */
  readonly #starters: readonly Guard[];
  readonly #finishers: readonly Guard[];
  /** Whether some guard wants to know where the requests of leases come from. */
  readonly learnOrigins: boolean;
  readonly #env: Env;

  /** @throws RangeError if there are more guards than bits */
  constructor(factories: readonly GuardFactory[], pool: Pool, events: Events, env: Env) {
    if (factories.length > 24) throw new RangeError(`guards must be at most 24, got ${factories.length}`);
    this.#env = env;
    this.#guards = factories.map((factory, i) =>
      guardOf(factory, controlFor(FIRST_GUARD << i, pool, events, env), `guards[${i}]`),
    );
    this.learnOrigins = this.#guards.some((guard) => guard.learnsOrigins === true);
    this.#starters = this.#guards.filter(({ started }) => started !== undefined);
    this.#finishers = this.#guards.filter(({ finished }) => finished !== undefined);
    for (const [i, guard] of this.#guards.entries()) {
      const { isHealth, isBusy = false } = guard;
      pool.declare(FIRST_GUARD << i, { isHealth, isBusy });
    }
  }

  /** The earliest `dueAt` of all guards, in milliseconds of the clock; `Infinity` for never. */
  get dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const guard of this.#guards) if (guard.dueAt < due) due = guard.dueAt;
    return due;
  }

  /** Calls `advance` of the guards that are due. Reads the clock only if some guard has a due time. */
  advance(): void {
    // Index loops, here and below: they run for every request, mostly over an empty list.
    for (let i = 0; i < this.#guards.length; i++) {
      const guard = this.#guards[i] as Guard;
      if (guard.dueAt === Number.POSITIVE_INFINITY) continue;
      const now = this.#env.clock.now();
      if (guard.dueAt <= now) guard.advance?.(now);
    }
  }

  started(lease: HeldLease): void {
    for (let i = 0; i < this.#starters.length; i++) this.#starters[i]?.started?.(lease);
  }

  responded(lease: HeldLease, isFailure: boolean): void {
    for (let i = 0; i < this.#guards.length; i++) this.#guards[i]?.responded?.(lease, isFailure);
  }

  checked(member: Member, check: CheckResult): void {
    for (const guard of this.#guards) guard.checked?.(member, check);
  }

  finished(lease: HeldLease, outcome: Outcome, failure: Failure | undefined): void {
    for (let i = 0; i < this.#finishers.length; i++) this.#finishers[i]?.finished?.(lease, outcome, failure);
  }

  /**
   * The verdict of the first guard that bars a member; `undefined` if none does.
   * @param ignored - reasons that do not count now
   */
  verdict(member: Member, ignored: number): string | undefined {
    const at = this.#guards.findIndex((_, i) => (member.reasons & ~ignored & (FIRST_GUARD << i)) !== 0);
    return this.#guards[at]?.verdict(member);
  }
}

/** @throws TypeError if the factory makes no guard, as with `guards: [outlierEjection]` without a call */
function guardOf(factory: GuardFactory, control: GuardControl, place: string): Guard {
  const guard: unknown = factory(control);
  if (typeof guard === 'function') throw notCalled(factory.name || place);
  checkRule(anObjectWith('verdict'), guard, `what ${place} makes`);
  const { dueAt } = guard as Guard;
  if (typeof dueAt !== 'number')
    throw new TypeError(`dueAt of what ${place} makes must be a number, got ${shown(dueAt)}`);
  return guard as Guard;
}

function controlFor(bit: number, pool: Pool, events: Events, { clock, random }: Env): GuardControl {
  return {
    clock,
    random,
    get backends() {
      return pool.members;
    },
    isProven: (backend: Backend) => (backend as Member).isProven,
    passesChecks: (backend: Backend) => (backend as Member).passesChecks,
    isWell: (backend: Backend) => pool.isWell(backend as Member),
    bar: (backend, barred) => pool.setReason(backend as Member, bit, barred),
    scale: (factors) => pool.scale(factors as ReadonlyMap<Member, number>),
    emit: (event) => events.emit(event),
    subscribe: (listener) => events.subscribe(listener),
  };
}
