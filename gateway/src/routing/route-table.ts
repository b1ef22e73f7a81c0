// Routes, and the table that finds the route of a request.
import type { Request } from 'evenkeel';
import type { Admission, AttemptRules, Gate } from 'evenkeel/internal';
import { followsScheme } from '../config/cookie-options.ts';
import type { RouteConfig } from '../config/schema.ts';
import type { UpstreamPool } from '../upstream/pool.ts';
import type { Conditions, RouteFacts } from './conditions.ts';
import type { HeaderRules } from './header-rules.ts';
import type { PathRewrite } from './path-rewrite.ts';
import type { Redirect, RedirectSource } from './redirect.ts';
import { ResponseRewrite } from './response-rewrite.ts';

/** Which requests a route is for. */
export interface RoutePlace {
  /** In lower case; `*.` before it for every name below; `*` for any. */
  readonly host: string;
  /** A path prefix, as it is written in the configuration. */
  readonly path: string;
  /** The same as the paths of requests are read: see `normal-path.ts`. */
  readonly prefix: string;
  /** What it asks of requests beside host and path; `undefined` for nothing. */
  readonly conditions?: Conditions | undefined;
}

/** The limits on requests of a route: its own, or the gateway's. */
export interface RouteLimits {
  readonly bodyBytes: number;
  readonly replayBytes: number;
}

/** The parts of a {@link Route}. */
export interface RouteParts extends RoutePlace {
  readonly pool: UpstreamPool;
  /** `undefined` if the route has neither sessions nor a rate limit. */
  readonly gate: Gate | undefined;
  readonly requestHeaders: HeaderRules;
  readonly responseHeaders: HeaderRules;
  /** `undefined` if backends get the paths of clients. */
  readonly rewrite?: PathRewrite | undefined;
  readonly limits: RouteLimits;
  /** What the route has in the place of the pool's settings. */
  readonly own?: Pick<RouteConfig, 'timeouts' | 'retries'> | undefined;
}

/** The rule for some requests: their pool, their admission, and changes to their paths and headers. */
export class Route implements RoutePlace {
  readonly host: string;
  readonly path: string;
  readonly prefix: string;
  readonly conditions: Conditions | undefined;
  readonly pool: UpstreamPool;
  readonly gate: Gate | undefined;
  readonly requestHeaders: HeaderRules;
  readonly responseHeaders: HeaderRules;
  readonly rewrite: PathRewrite | undefined;
  /** What it changes in responses, as it rewrites paths. */
  readonly responseRewrite: ResponseRewrite | undefined;
  /** How often, and for how long, its requests are tried. */
  readonly attempts: AttemptRules<Request>;
  readonly limits: RouteLimits;
  readonly timeouts: NonNullable<RouteConfig['timeouts']>;
  readonly #isBare: boolean;
  /** Statuses that are failures for this route alone. */
  readonly #failures: ReadonlySet<number>;
  /** Whether a session's cookie is `Secure` only if its request came over TLS. */
  readonly #isLax: boolean;

  constructor({ own = {}, ...parts }: RouteParts) {
    const { pool, gate, requestHeaders, responseHeaders, rewrite } = parts;
    const { timeouts = {}, retries } = own;
    this.host = parts.host;
    this.path = parts.path;
    this.prefix = parts.prefix;
    this.conditions = parts.conditions;
    this.pool = pool;
    this.gate = gate;
    this.requestHeaders = requestHeaders;
    this.responseHeaders = responseHeaders;
    this.rewrite = rewrite;
    this.responseRewrite = rewrite && new ResponseRewrite(rewrite, requestHeaders.valueOf('host'));
    this.limits = parts.limits;
    this.timeouts = timeouts;
    this.attempts = attemptRules(pool, timeouts, retries);
    this.#failures = new Set(typeof retries === 'object' ? retries.retryOn : []);
    const { sessions } = pool.config;
    this.#isLax = sessions !== undefined && 'cookie' in sessions && followsScheme(sessions.cookie);
    this.#isBare =
      gate === undefined && requestHeaders.isEmpty && responseHeaders.isEmpty && rewrite === undefined;
  }

  /** Whether it only sends requests to its pool: no rate limit, no session, no change of paths or
   * headers. */
  get isBare(): boolean {
    return this.#isBare;
  }

  /** Milliseconds that one backend has for the head of a response. */
  get headersMs(): number {
    return this.timeouts.headersMs ?? this.pool.config.timeouts.headersMs;
  }

  /** Whether a response with this status is the backend's failure. */
  isFailure(status: number): boolean {
    return this.pool.isFailure(status) || this.#failures.has(status);
  }

  /** Whether its paths are among those of another route of any host. */
  isBelow(other: RoutePlace): boolean {
    return isBelow(this.prefix, other.prefix);
  }

  /**
   * Headers that rate limits and sessions add to a response: a flat list of names and values.
   * @param backendId - the backend of the response; `undefined` for a local reply
   * @param isSecure - whether the client uses TLS
   */
  headersOfAdmission(admission: Admission, backendId: string | undefined, isSecure: boolean): string[] {
    const added: string[] = [];
    for (const [name, value] of this.gate?.headersFor(admission, backendId) ?? []) {
      const isSecured = isSecure && this.#isLax && name === 'Set-Cookie';
      added.push(name, isSecured ? `${value}; Secure` : value);
    }
    return added;
  }
}

function attemptRules(
  pool: UpstreamPool,
  { headersMs = 0, totalMs = Math.max(pool.totalMs, headersMs) }: NonNullable<RouteConfig['timeouts']>,
  retries: RouteConfig['retries'],
): AttemptRules<Request> {
  if (retries === undefined && totalMs === pool.totalMs) return pool;
  const { balancer, queue, env } = pool;
  const failover = retries === undefined ? pool.failover : pool.retries(retries);
  return { balancer, queue, env, totalMs, failover };
}

/** A route that sends clients to another URL. */
export interface RedirectRoute extends RoutePlace {
  readonly redirect: Redirect;
  readonly responseHeaders: HeaderRules;
}

/** What a request is found by, host and path aside. */
export interface RouteQuery extends RouteFacts, RedirectSource {}

/**
 * Finds the route of a request among those that match it: the most exact host, then the longest path, then
 * the most conditions on headers, then the most others, then the first. A redirect to the URL that was asked
 * for does not match.
 */
export class RouteTable {
  /** Routes by host, in the order in which they are asked. */
  readonly #byHost = new Map<string, (Route | RedirectRoute)[]>();
  /** Those that lead to a pool. */
  readonly routes: readonly Route[];
  /** Whether every route is for any host. */
  readonly #isForAny: boolean;
  readonly #hasWildcards: boolean;

  constructor(routes: readonly (Route | RedirectRoute)[]) {
    for (const route of [...routes].sort(byPrecedence)) {
      const own = this.#byHost.get(route.host);
      if (own === undefined) this.#byHost.set(route.host, [route]);
      else own.push(route);
    }
    this.routes = routes.filter((route) => route instanceof Route);
    this.#hasWildcards = routes.some(({ host }) => host.startsWith('*.'));
    this.#isForAny = routes.every(({ host }) => host === '*');
  }

  /**
   * The route of a request; `undefined` if none matches.
   * @param host - in lower case, without port
   * @param path - normalised, without query
   */
  find(host: string, path: string, query: RouteQuery): Route | RedirectRoute | undefined {
    if (this.#isForAny) return this.#among('*', path, query);
    return (
      this.#among(host, path, query) ??
      (this.#hasWildcards ? this.#below(host, path, query) : undefined) ??
      this.#among('*', path, query)
    );
  }

  /** The methods with which some route would match a request that none matches. O(routes). */
  methodsFor(host: string, path: string, query: RouteQuery): readonly string[] {
    const methods = new Set<string>();
    for (const [pattern, routes] of this.#byHost) {
      if (
        pattern !== host &&
        pattern !== '*' &&
        !(pattern.startsWith('*.') && host.endsWith(pattern.slice(1)))
      )
        continue;
      for (const { prefix, conditions } of routes) {
        if (!isBelow(path, prefix) || !conditions?.holdButMethod(query)) continue;
        for (const method of conditions.methods ?? []) methods.add(method);
      }
    }
    return [...methods];
  }

  /** `*.b.c` before `*.c` for `a.b.c`. */
  #below(host: string, path: string, query: RouteQuery): Route | RedirectRoute | undefined {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const route = this.#among(`*${host.slice(dot)}`, path, query);
      if (route !== undefined) return route;
    }
    return undefined;
  }

  #among(host: string, path: string, query: RouteQuery): Route | RedirectRoute | undefined {
    const routes = this.#byHost.get(host);
    if (routes === undefined) return undefined;
    for (const route of routes) if (isBelow(path, route.prefix) && isFor(route, query)) return route;
    return undefined;
  }
}

function isFor(route: Route | RedirectRoute, query: RouteQuery): boolean {
  if (route.conditions !== undefined && !route.conditions.hold(query)) return false;
  return !('redirect' in route) || route.redirect.locationFor(query) !== undefined;
}

function byPrecedence(a: Route | RedirectRoute, b: Route | RedirectRoute): number {
  return (
    b.prefix.length - a.prefix.length ||
    (b.conditions?.headers ?? 0) - (a.conditions?.headers ?? 0) ||
    otherConditions(b) - otherConditions(a)
  );
}

/** A redirect has one more: that it leads elsewhere. */
function otherConditions(route: Route | RedirectRoute): number {
  return (route.conditions?.others ?? 0) + ('redirect' in route ? 1 : 0);
}

/** By whole segments: `/api` is the prefix of `/api` and `/api/x`, not of `/apis`. */
function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || prefix.endsWith('/') || path.charCodeAt(prefix.length) === 47;
}
