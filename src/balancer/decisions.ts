// One decision from end to end: bring the pool up to date, derive the key, honour the session, ask the
// router.

import type { Backend } from '../strategies/strategy.ts';
import type { Chooser } from './chooser.ts';
import type { Guards } from './guards.ts';
import type { Lease } from './lease.ts';
import { DRAINING, type Member, WEIGHTLESS } from './member.ts';
import type { Membership } from './membership.ts';
import type { BalancerSettings } from './options.ts';
import type { Pool } from './pool.ts';
import type { Router } from './router.ts';
import type { Session } from './session.ts';
import type { View } from './view.ts';

const NONE_TRIED: readonly Backend[] = [];

/** What a request brings along beside its key. */
export interface AcquireOptions {
  /** Backends that the request was already sent to; they are not chosen again. @defaultValue none */
  readonly tried?: readonly Backend[] | undefined;
  /**
   * The session of the request; its backend takes precedence over the strategy and the bounds.
   * @defaultValue none
   */
  readonly session?: Session | undefined;
  /**
   * Whether the request will be sent again if it fails. Then it may be a trial of an unhealthy backend, if
   * the pool is in a crisis.
   * @defaultValue false
   */
  readonly repeatable?: boolean | undefined;
  /**
   * Who sends the request, for example an address: tells the failures of one client from those of a backend.
   * @defaultValue not known
   */
  readonly client?: string | undefined;
  /**
   * The lease of the attempt before, of which this one is a retry: how it ends shows whether the backend or
   * the request was to blame.
   * @defaultValue none
   */
  readonly after?: Lease | undefined;
}

/** The parts of a balancer that a decision needs. */
export interface DecisionParts {
  readonly pool: Pool;
  readonly guards: Guards;
  readonly router: Router;
  readonly membership: Membership;
  readonly view: View;
}

/**
 * Decides on a backend for a request: brings membership and guards up to date, then takes the backend of the
 * session or asks the router. Commits nothing.
 */
export class Decisions<R> {
  readonly #settings: BalancerSettings<R>;
  readonly #parts: DecisionParts;
  readonly #warn: (message: string) => void;

  constructor(settings: BalancerSettings<R>, parts: DecisionParts, warn: (message: string) => void) {
    this.#warn = warn;
    this.#settings = settings;
    this.#parts = parts;
  }

  /** The key of a request: the session's, else the one that the `key` option derives. */
  keyOf(request: R, session: Session | undefined): string | undefined {
    const key: unknown = session?.key ?? this.#settings.key(request);
    return typeof key === 'string' ? key : this.#textOf(key);
  }

  /** Hosts in plain JavaScript may return a number. Anything else counts as no key, and is told once. */
  #textOf(key: unknown): string | undefined {
    if (typeof key === 'number' || typeof key === 'bigint') return String(key);
    if (key === undefined || key === null) return undefined;
    // No caller waits for a promise, which may hold a rejection.
    if (key instanceof Promise) key.catch(() => {});
    const kind =
      key instanceof Promise ? 'a promise' : typeof key === 'object' ? 'an object' : `a ${typeof key}`;
    this.#warn(`key must return a string or undefined, got ${kind}; such requests have no key`);
    return undefined;
  }

  /** Chooses a backend. @returns the chooser that holds the decision */
  decide(
    request: R,
    key: string | undefined,
    { tried = NONE_TRIED, session, repeatable = false }: AcquireOptions,
  ): Chooser {
    const { guards, router, membership, view } = this.#parts;
    membership.followAtPick();
    guards.advance();
    view.set(tried, repeatable);
    const sticky = this.#backendOf(session);
    if (sticky !== undefined) return router.stickTo(sticky);
    const zone = this.#settings.zones?.of(request);
    const named = session?.key === undefined ? undefined : session;
    const chooser = this.#choose(key, zone, named);
    if (chooser.picked === undefined || membership.confirms(chooser.picked)) return chooser;
    view.renew();
    return this.#choose(key, zone, named);
  }

  /** @param session - the session that the key names */
  #choose(key: string | undefined, zone: string | undefined, session: Session | undefined): Chooser {
    const { router } = this.#parts;
    if (session === undefined || key === undefined) return router.choose(key, zone);
    const chooser = router.placeSession(key, zone, this.#keepsSessions);
    // Does nothing to an object that does not let it.
    Reflect.set(session, 'home', chooser.home?.id);
    return chooser;
  }

  /** The backend of a session; `undefined` if that backend may not keep the session. */
  #backendOf(session: Session | undefined): Member | undefined {
    if (session?.backend === undefined) return undefined;
    const { pool, membership, view } = this.#parts;
    let member = pool.find(session.backend);
    if (member !== undefined && !membership.confirms(member)) {
      member = pool.find(session.backend);
      view.renew();
    }
    return member !== undefined && this.#keepsSessions(member) ? member : undefined;
  }

  /**
   * A session stays with its backend only while no better one is left: if the view's class of trust does not
   * include it, the session goes elsewhere, unless as a trial. A draining backend keeps its sessions for a
   * while, a backend of weight 0 for good. Neither gets new sessions, with one exception: sessions that are
   * placed by a pure function carry no age, so new ones whose home drains go there for that while, too.
   */
  readonly #keepsSessions = (member: Member): boolean => {
    const { view } = this.#parts;
    if (view.admits(member)) return true;
    if (view.tried.includes(member)) return false;
    if ((member.reasons & view.mask & ~(DRAINING | WEIGHTLESS)) !== 0) return false;
    return (member.reasons & DRAINING) === 0 || this.#settings.env.clock.now() < member.keepsSessionsUntil;
  };
}
