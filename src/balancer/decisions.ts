import type { Backend } from '../strategies/strategy.ts';
import type { Chooser } from './chooser.ts';
import type { Guards } from './guards.ts';
import { DRAINING, type Member, WEIGHTLESS } from './member.ts';
import type { Membership } from './membership.ts';
import type { BalancerSettings } from './options.ts';
import type { Pool } from './pool.ts';
import type { Router } from './router.ts';
import type { Session } from './session.ts';

/** What decisions are made of. */
export interface DecisionParts {
  readonly pool: Pool;
  readonly guards: Guards;
  readonly router: Router;
  readonly membership: Membership;
}

/** Brings everything up to date, then finds a backend for a request: that of its session, or the router's. Only looks. */
export class Decisions<R> {
  readonly #settings: BalancerSettings<R>;
  readonly #parts: DecisionParts;

  constructor(settings: BalancerSettings<R>, parts: DecisionParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** The key by which a request is placed. */
  keyOf(request: R, session: Session | undefined): string | undefined {
    const key: unknown = session?.key ?? this.#settings.key(request);
    if (typeof key === 'string') return key;
    // A host without types may make a number of a request; anything else is no key.
    return typeof key === 'number' ? String(key) : undefined;
  }

  /** Finds a backend; the chooser that is returned holds what was found. */
  decide(
    request: R,
    key: string | undefined,
    tried: readonly Backend[],
    session: Session | undefined,
  ): Chooser {
    const { guards, router, membership } = this.#parts;
    membership.follow();
    guards.settle();
    const sticky = this.#backendOf(session, tried);
    if (sticky !== undefined) return router.stickTo(sticky, tried);
    const zone = this.#settings.zones?.of(request);
    const chooser = router.choose(key, tried, zone);
    if (chooser.picked === undefined || membership.confirms(chooser.picked)) return chooser;
    return router.choose(key, tried, zone);
  }

  /** The backend that a session is on, if it may keep it. */
  #backendOf(session: Session | undefined, tried: readonly Backend[]): Member | undefined {
    if (session?.backend === undefined) return undefined;
    const member = this.#parts.pool.get(session.backend);
    return member !== undefined && !tried.includes(member) && this.#keepsSessions(member)
      ? member
      : undefined;
  }

  /** A draining backend keeps its sessions for a while, one of weight 0 for good: both only take no new ones. */
  #keepsSessions(member: Member): boolean {
    const { pool } = this.#parts;
    if (pool.isEligible(member)) return true;
    if (!pool.isEligibleBut(member, DRAINING | WEIGHTLESS)) return false;
    return (member.reasons & DRAINING) === 0 || this.#settings.env.clock.now() < member.keepsSessionsUntil;
  }
}
