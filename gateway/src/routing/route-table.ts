// Routes, and the table that finds the route of a request.
import type { Admission, Gate } from 'evenkeel/internal';
import type { UpstreamPool } from '../upstream/pool.ts';
import type { HeaderRules } from './header-rules.ts';

/** The parts of a {@link Route}. */
export interface RouteParts {
  /** In lower case; `*.` before it for every name below; `*` for any. */
  readonly host: string;
  /** A path prefix, as it is written in the configuration. */
  readonly path: string;
  /** The same as the paths of requests are read: see `normal-path.ts`. */
  readonly prefix: string;
  readonly pool: UpstreamPool;
  /** `undefined` if the route has neither sessions nor a rate limit. */
  readonly gate: Gate | undefined;
  readonly requestHeaders: HeaderRules;
  readonly responseHeaders: HeaderRules;
}

/** The rule for some requests: their pool, their admission, and changes to their headers. */
export class Route implements RouteParts {
  readonly host: string;
  readonly path: string;
  readonly prefix: string;
  readonly pool: UpstreamPool;
  readonly gate: Gate | undefined;
  readonly requestHeaders: HeaderRules;
  readonly responseHeaders: HeaderRules;
  /** Whether a session's cookie is `Secure` only if its request came over TLS. */
  readonly #isLax: boolean;

  constructor({ host, path, prefix, pool, gate, requestHeaders, responseHeaders }: RouteParts) {
    this.host = host;
    this.path = path;
    this.prefix = prefix;
    this.pool = pool;
    this.gate = gate;
    this.requestHeaders = requestHeaders;
    this.responseHeaders = responseHeaders;
    const { sessions } = pool.config;
    this.#isLax = sessions !== undefined && 'cookie' in sessions && sessions.cookie.secure === undefined;
  }

  /** Whether it only sends requests to its pool: no limit, no session, no change of headers. */
  get isBare(): boolean {
    return this.gate === undefined && this.requestHeaders.isEmpty && this.responseHeaders.isEmpty;
  }

  /** Whether its paths are among those of another route of any host. */
  isBelow(other: Route): boolean {
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

/** Finds the route of a request: the most exact host that has one, then the longest path. */
export class RouteTable {
  /** Routes by host, those with the longest path first. */
  readonly #byHost = new Map<string, Route[]>();
  readonly routes: readonly Route[];
  /** Whether every route is for any host. */
  readonly #isForAny: boolean;
  readonly #hasWildcards: boolean;

  constructor(routes: readonly Route[]) {
    this.routes = routes;
    for (const route of [...routes].sort((a, b) => b.prefix.length - a.prefix.length)) {
      const own = this.#byHost.get(route.host);
      if (own === undefined) this.#byHost.set(route.host, [route]);
      else own.push(route);
    }
    this.#hasWildcards = routes.some(({ host }) => host.startsWith('*.'));
    this.#isForAny = routes.every(({ host }) => host === '*');
  }

  /**
   * The route of a request; `undefined` if none matches.
   * @param host - in lower case, without port
   * @param path - normalised, without query
   */
  find(host: string, path: string): Route | undefined {
    if (this.#isForAny) return this.#among('*', path);
    return (
      this.#among(host, path) ??
      (this.#hasWildcards ? this.#below(host, path) : undefined) ??
      this.#among('*', path)
    );
  }

  /** `*.b.c` before `*.c` for `a.b.c`. */
  #below(host: string, path: string): Route | undefined {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const route = this.#among(`*${host.slice(dot)}`, path);
      if (route !== undefined) return route;
    }
    return undefined;
  }

  #among(host: string, path: string): Route | undefined {
    const routes = this.#byHost.get(host);
    if (routes === undefined) return undefined;
    for (const route of routes) if (isBelow(path, route.prefix)) return route;
    return undefined;
  }
}

/** By whole segments: `/api` is the prefix of `/api` and `/api/x`, not of `/apis`. */
function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || prefix.endsWith('/') || path.charCodeAt(prefix.length) === 47;
}
