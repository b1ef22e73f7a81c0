import type { Env } from '../env.ts';
import type { Backend, Outcome } from '../strategies/strategy.ts';
import type { Events } from './events.ts';
import type { Guard, GuardControl, GuardFactory } from './guard.ts';
import type { Lease } from './lease.ts';
import { FIRST_GUARD, type Member } from './member.ts';
import type { Pool } from './pool.ts';

/** The guards of one balancer, each with a bit of its own among the reasons of members. */
export class Guards {
  readonly #guards: readonly Guard[];
  /** Those that hear of leases. */
  readonly #starters: readonly Guard[];
  readonly #finishers: readonly Guard[];
  readonly #env: Env;

  /** @throws RangeError where there are more guards than bits */
  constructor(factories: readonly GuardFactory[], pool: Pool, events: Events, env: Env) {
    if (factories.length > 24) throw new RangeError(`guards must be at most 24, got ${factories.length}`);
    this.#env = env;
    this.#guards = factories.map((factory, i) => factory(controlFor(FIRST_GUARD << i, pool, events, env)));
    this.#starters = this.#guards.filter(({ started }) => started !== undefined);
    this.#finishers = this.#guards.filter(({ finished }) => finished !== undefined);
    for (const [i, guard] of this.#guards.entries()) {
      if (guard.isHealth) pool.healthMask |= FIRST_GUARD << i;
      if (guard.isBusy === true) pool.busyMask |= FIRST_GUARD << i;
    }
  }

  /** When something next changes by itself, in milliseconds of the clock. */
  get dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const guard of this.#guards) if (guard.dueAt < due) due = guard.dueAt;
    return due;
  }

  /** Lets everything happen that is due. Reads the clock only where something may be. */
  settle(): void {
    // Index loops, here and below: they run for every request, mostly over nothing.
    for (let i = 0; i < this.#guards.length; i++) {
      const guard = this.#guards[i] as Guard;
      if (guard.dueAt === Number.POSITIVE_INFINITY) continue;
      const now = this.#env.clock.now();
      if (guard.dueAt <= now) guard.settle?.(now);
    }
  }

  started(lease: Lease): void {
    for (let i = 0; i < this.#starters.length; i++) this.#starters[i]?.started?.(lease);
  }

  finished(lease: Lease, outcome: Outcome): void {
    for (let i = 0; i < this.#finishers.length; i++) this.#finishers[i]?.finished?.(lease, outcome);
  }

  /** Why a member is barred by the first guard that bars it; `undefined` where none does. */
  verdict(member: Member, ignored: number): string | undefined {
    const at = this.#guards.findIndex((_, i) => (member.reasons & ~ignored & (FIRST_GUARD << i)) !== 0);
    return this.#guards[at]?.verdict(member);
  }
}

function controlFor(bit: number, pool: Pool, events: Events, { clock, random }: Env): GuardControl {
  return {
    clock,
    random,
    get backends() {
      return pool.members;
    },
    isEligible: (backend: Backend) => pool.isEligible(backend as Member),
    bar: (backend, barred) => pool.setReason(backend as Member, bit, barred),
    scale: (factors) => pool.scale(factors as ReadonlyMap<Member, number>),
    emit: (event) => events.emit(event),
    subscribe: (listener) => events.subscribe(listener),
  };
}
