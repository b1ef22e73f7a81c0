// Sticky sessions by cookie.

import { isToken } from '../http/token.ts';
import type { Request, Session, SessionPolicy } from '../index.ts';
import { aBag, bag, checkBag, checkNeeded } from '../options/bag.ts';
import { aBoolean, aNumber, aString, isObject, oneOf, type Rule } from '../options/rule.ts';
import { type BackendSource, BackendTags } from './backend-tags.ts';

/** Settings of {@link cookieSessions}. */
export interface CookieSessionsOptions {
  /**
   * The backends that cookies can name: a balancer, or a function such as
   * `() => loadbalancer.balancer.backends`. For the function, declare
   * `const loadbalancer: Loadbalancer = ...` with its type, as TypeScript cannot infer it.
   */
  readonly backends: BackendSource;
  /**
   * Keys of at least 32 bytes. The first one signs new cookies, all of them verify cookies. So a key can be
   * replaced without losing sessions.
   */
  readonly secrets: readonly (string | Uint8Array)[];
  /**
   * Name of the pool. Cookies of another pool with the same secrets are not valid.
   * @defaultValue `'default'`
   */
  readonly pool?: string;
  /** Name of the cookie. @defaultValue `'evenkeel'` */
  readonly name?: string;
  /** The cookie's attribute `Path`. @defaultValue `'/'` */
  readonly path?: string;
  /** Whether the cookie is sent over TLS only (`Secure`). @defaultValue false */
  readonly secure?: boolean;
  /**
   * Lifetime of the cookie in milliseconds, at least 1,000.
   * @defaultValue none: it ends with the browser session
   */
  readonly maxAgeMs?: number;
  /** Further attributes. */
  readonly attributes?: CookieAttributes;
}

/** Attributes of a session cookie that most hosts can leave as they are. */
export interface CookieAttributes {
  /**
   * With which requests of other sites browsers send the cookie (`SameSite`): `'none'` with all, for pages in
   * frames; it needs `secure`.
   * @defaultValue `'lax'`
   */
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** The host whose subdomains get the cookie, too (`Domain`). @defaultValue none: the host alone */
  readonly domain?: string;
  /**
   * Whether a page in a frame has a cookie of its own for each site around it (`Partitioned`); needs
   * `secure`.
   * @defaultValue false
   */
  readonly partitioned?: boolean;
}

const aSource: Rule = {
  words: 'a balancer or a function that returns backends',
  holds: (value) => typeof value === 'function' || (isObject(value) && 'backends' in value),
};

const ATTRIBUTES = bag<CookieAttributes>({
  sameSite: oneOf(['strict', 'lax', 'none']),
  domain: {
    words: 'a host name, without a dot at its beginning',
    holds: (value) => typeof value === 'string' && /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i.test(value),
  },
  partitioned: aBoolean,
});

const OPTIONS = bag<CookieSessionsOptions>({
  backends: aSource,
  secrets: { words: 'an array of at least one key', holds: isFilled, isSecret: true },
  pool: aString,
  name: { words: 'a token', holds: isToken },
  path: {
    words: 'a string that begins with a slash and has no semicolon and no control character',
    holds: (value) => typeof value === 'string' && /^\/[ -:<-~]*$/.test(value),
  },
  secure: aBoolean,
  maxAgeMs: aNumber('a finite number of at least 1000', (ms) => ms >= 1_000 && ms < Number.POSITIVE_INFINITY),
  attributes: aBag(ATTRIBUTES),
});

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** The counters of {@link CookieSessions} since they were created. */
export interface CookieSessionStats {
  /** Requests with a valid cookie, which names a backend of the pool. */
  readonly found: number;
  /**
   * Requests whose cookies of this name were all invalid: forged, of another pool, or of a removed backend.
   */
  readonly ignored: number;
  /** Cookies that were set. */
  readonly written: number;
}

/** Sessions by cookie. */
export interface CookieSessions extends SessionPolicy {
  read(request: Request): Session | undefined;
  written: NonNullable<SessionPolicy['written']>;
  /** The counters so far. */
  readonly stats: CookieSessionStats;
}

/** A longer cookie header is not read. Servers do not accept one anyway. */
const LIMIT_CHARACTERS = 65_536;
/** The most cookies of the name that are read. Browsers send several only for different paths. */
const MAX_CANDIDATES = 16;

/**
 * Keeps each client on one backend by a cookie. The cookie is set with the first response. It is set again
 * when another backend responded, or when the cookie was signed with a key that is no longer the first.
 *
 * The cookie contains no address and no id, but 22 characters: a keyed digest (HMAC-SHA-256, truncated to 128
 * bits) of the pool's name and the backend's id. It is looked up among the digests of the current backends.
 * So a client cannot choose a backend: it can only send back a cookie that it was given. The cookie is always
 * `HttpOnly`, and `SameSite=Lax` unless `attributes` say otherwise. Replicas with the same secrets accept
 * each other's cookies. Each request costs O(backends) comparisons of ids, and O(length of the cookies).
 * @throws TypeError or RangeError that names the option
 * @see RFC 6265 section 4.1, and RFC 6265bis section 4.1.3 for the prefixes of names
 */
export function cookieSessions(options: CookieSessionsOptions): CookieSessions {
  checkBag(options, OPTIONS, '', 'cookieSessions');
  checkNeeded(options, OPTIONS, '', ['backends', 'secrets']);
  const { backends, secrets, pool = 'default', name = 'evenkeel' } = options;
  const attributes = attributesOf({ ...options, name });
  const tags = new BackendTags(backends, secrets, pool);
  const counts = { found: 0, ignored: 0, written: 0 };
  return {
    read(request) {
      const values = cookiesOf(request, name);
      if (values.length === 0) return undefined;
      const session = tags.findFirst(values);
      counts[session === undefined ? 'ignored' : 'found']++;
      return session;
    },
    written(session, backendId, writeHeader) {
      const tag = tags.of(backendId);
      // The cookie of the client names this backend and was signed with the first key: no need to set it
      // again.
      if (tag === undefined || session === tag.session) return;
      counts.written++;
      writeHeader('Set-Cookie', `${name}=${tag.value}${attributes}`);
    },
    get stats() {
      return { ...counts };
    },
  };
}

/** The values of the cookies of a name. */
function cookiesOf({ headers }: Request, name: string): string[] {
  if (headers === undefined) return [];
  // HTTP/2 may send each cookie in a header of its own (RFC 9113 section 8.2.3).
  const cookies = Object.keys(headers)
    .filter((header) => header.toLowerCase() === 'cookie')
    .flatMap((header) => headers[header] ?? [])
    .join(';');
  // Counts as one invalid cookie.
  if (cookies.length > LIMIT_CHARACTERS) return [''];
  const values: string[] = [];
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    if (values.push(pair.slice(equals + 1).trim()) === MAX_CANDIDATES) break;
  }
  return values;
}

function attributesOf({
  name,
  path = '/',
  secure = false,
  maxAgeMs,
  attributes: { sameSite = 'lax', domain, partitioned = false } = {},
}: Omit<CookieSessionsOptions, 'backends' | 'secrets' | 'pool'> & { name: string }): string {
  // Browsers silently drop such cookies.
  if (/^__(secure|host)-/i.test(name) && !secure)
    throw new TypeError(`secure must be true for a cookie named ${name}, got false`);
  if (/^__host-/i.test(name) && path !== '/')
    throw new TypeError(`path must be / for a cookie named ${name}, got ${path}`);
  if (/^__host-/i.test(name) && domain !== undefined)
    throw new TypeError(`attributes.domain must be left out for a cookie named ${name}, got ${domain}`);
  if (sameSite === 'none' && !secure)
    throw new TypeError('secure must be true where attributes.sameSite is "none", got false');
  if (partitioned && !secure)
    throw new TypeError('secure must be true where attributes.partitioned is true, got false');
  const age = maxAgeMs === undefined ? '' : `; Max-Age=${Math.floor(maxAgeMs / 1_000)}`;
  const site = { strict: 'Strict', lax: 'Lax', none: 'None' }[sameSite];
  const scope = domain === undefined ? '' : `; Domain=${domain}`;
  const flags = `${secure ? '; Secure' : ''}${partitioned ? '; Partitioned' : ''}`;
  return `; Path=${path}${scope}${age}; HttpOnly; SameSite=${site}${flags}`;
}
