// One decision from end to end: bring the pool up to date, derive the key, honour the session, ask the
// router.

import type { Backend } from '../strategies/strategy.ts';
import type { Chooser } from './chooser.ts';
import type { Guards } from './guards.ts';
import { DRAINING, type Member, WEIGHTLESS } from './member.ts';
import type { Membership } from './membership.ts';
import type { BalancerSettings } from './options.ts';
import type { Pool } from './pool.ts';
import type { Router } from './router.ts';
import type { Session } from './session.ts';

/** The parts of a balancer that a decision needs. */
export interface DecisionParts {
  readonly pool: Pool;
  readonly guards: Guards;
  readonly router: Router;
  readonly membership: Membership;
}

/**
 * Decides on a backend for a request: brings membership and guards up to date, then takes the backend of the
 * session or asks the router. Commits nothing.
 */
export class Decisions<R> {
  readonly #settings: BalancerSettings<R>;
  readonly #parts: DecisionParts;

  constructor(settings: BalancerSettings<R>, parts: DecisionParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** The key of a request: the session's, else the one that the `key` option derives. */
  keyOf(request: R, session: Session | undefined): string | undefined {
    const key: unknown = session?.key ?? this.#settings.key(request);
    if (typeof key === 'string') return key;
    // Hosts in plain JavaScript may return a number. Any other type counts as no key.
    return typeof key === 'number' ? String(key) : undefined;
  }

  /** Chooses a backend. @returns the chooser that holds the decision */
  decide(
    request: R,
    key: string | undefined,
    tried: readonly Backend[],
    session: Session | undefined,
  ): Chooser {
    const { guards, router, membership } = this.#parts;
    membership.followAtPick();
    guards.advance();
    const sticky = this.#backendOf(session, tried);
    if (sticky !== undefined) return router.stickTo(sticky, tried);
    const zone = this.#settings.zones?.of(request);
    const chooser = router.choose(key, tried, zone);
    if (chooser.picked === undefined || membership.confirms(chooser.picked)) return chooser;
    return router.choose(key, tried, zone);
  }

  /** The backend of a session; `undefined` if that backend may not keep the session. */
  #backendOf(session: Session | undefined, tried: readonly Backend[]): Member | undefined {
    if (session?.backend === undefined) return undefined;
    const { pool, membership } = this.#parts;
    let member = pool.find(session.backend);
    if (member !== undefined && !membership.confirms(member)) member = pool.find(session.backend);
    return member !== undefined && !tried.includes(member) && this.#keepsSessions(member)
      ? member
      : undefined;
  }

  /**
   * A draining backend keeps its sessions for a while, a backend of weight 0 for good. Both get no new
   * sessions.
   */
  #keepsSessions(member: Member): boolean {
    const { pool } = this.#parts;
    if (pool.isEligible(member)) return true;
    if (!pool.isEligibleWithout(member, DRAINING | WEIGHTLESS)) return false;
    return (member.reasons & DRAINING) === 0 || this.#settings.env.clock.now() < member.keepsSessionsUntil;
  }
}
