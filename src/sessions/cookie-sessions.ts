import { isToken } from '../http/token.ts';
import type { Request, Session, SessionPolicy } from '../index.ts';
import { type BackendSource, BackendTags } from './backend-tags.ts';

/** Settings of {@link cookieSessions}. */
export interface CookieSessionsOptions {
  /**
   * Whose backends the cookies name: a balancer, or a function such as `() => loadbalancer.balancer.backends`, for which TypeScript
   * wants to read `const loadbalancer: Loadbalancer = ...`.
   */
  readonly backends: BackendSource;
  /** Keys of at least 32 bytes: the first one signs, all of them verify, so that a key can be replaced without losing a session. */
  readonly secrets: readonly (string | Uint8Array)[];
  /** Name of the pool: a cookie of another pool with the same secrets is not valid. @defaultValue `'default'` */
  readonly pool?: string;
  /** Name of the cookie. @defaultValue `'evenkeel'` */
  readonly name?: string;
  /** Path that the cookie is for. @defaultValue `'/'` */
  readonly path?: string;
  /** Whether the cookie may only travel over TLS. @defaultValue false */
  readonly secure?: boolean;
  /** Milliseconds after which the client forgets the cookie, from when it was set; at least 1,000. @defaultValue none: with its own session */
  readonly maxAgeMs?: number;
}

/** Sessions by cookie in numbers, since the beginning. */
export interface CookieSessionStats {
  /** Requests with a cookie that named one of the backends. */
  readonly found: number;
  /** Requests with cookies of the name of which none did: forged, of another pool, or of a backend that is gone. */
  readonly ignored: number;
  /** Cookies that were set. */
  readonly written: number;
}

/** Sessions by cookie. */
export interface CookieSessions extends SessionPolicy {
  read(request: Request): Session | undefined;
  written: NonNullable<SessionPolicy['written']>;
  /** What happened so far. */
  readonly stats: CookieSessionStats;
}

/** Longer cookie headers are not read: servers do not let as much through. */
const LIMIT_CHARACTERS = 65_536;
/** Browsers send a name more than once only for different paths. */
const MAX_CANDIDATES = 16;

/**
 * Keeps each client on one backend by a cookie, which is set with the first answer, and again when another backend answered or the key
 * that signed it is no longer the first.
 *
 * The cookie holds no address and no id, but 22 characters: a keyed digest (HMAC-SHA-256, cut to 128 bits) of the pool's name and the
 * backend's id. It is looked up among the digests of the backends of now, so that nobody can name a backend that there is not, nor one
 * whose cookie they were never given. It is always `HttpOnly` and `SameSite=Lax`. Replicas with the same secrets agree.
 * O(backends) in the time that it takes to compare their ids with the ones before, else O(length of the cookies).
 * @throws TypeError or RangeError naming the option
 * @see RFC 6265 section 4.1, and RFC 6265bis section 4.1.3 for the prefixes of names
 */
export function cookieSessions(options: CookieSessionsOptions): CookieSessions {
  const { backends, secrets, pool = 'default', name = 'evenkeel' } = options;
  if (typeof pool !== 'string') throw new TypeError('pool must be a string');
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
      // The very session that the newest key stands for: the client has the right cookie.
      if (tag === undefined || session === tag.session) return;
      counts.written++;
      writeHeader('Set-Cookie', `${name}=${tag.value}${attributes}`);
    },
    get stats() {
      return { ...counts };
    },
  };
}

/** The values of all cookies of a name, as far as they may be ours. */
function cookiesOf({ headers }: Request, name: string): string[] {
  if (headers === undefined) return [];
  // HTTP/2 may send each cookie in a header of its own (RFC 9113 section 8.2.3).
  const cookies = Object.keys(headers)
    .filter((header) => header.toLowerCase() === 'cookie')
    .flatMap((header) => headers[header] ?? [])
    .join(';');
  // As one that is not valid.
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
}: Pick<CookieSessionsOptions, 'path' | 'secure' | 'maxAgeMs'> & { name: string }): string {
  if (!isToken(name)) {
    throw new TypeError(`name must be a token, got ${JSON.stringify(name)}`);
  }
  if (typeof path !== 'string' || !/^\/[ -:<-~]*$/.test(path)) {
    throw new TypeError(
      `path must begin with a slash and have no semicolon and no control character, got ${JSON.stringify(path)}`,
    );
  }
  if (typeof secure !== 'boolean') throw new TypeError(`secure must be true or false, got ${String(secure)}`);
  // Browsers drop such cookies without a word.
  if (/^__(secure|host)-/i.test(name) && !secure) throw new TypeError(`${name} must be secure`);
  if (/^__host-/i.test(name) && path !== '/')
    throw new TypeError(`${name} must have the path /, got ${path}`);
  if (maxAgeMs !== undefined && !(maxAgeMs >= 1_000 && maxAgeMs < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`maxAgeMs must be a finite number of at least 1000, got ${String(maxAgeMs)}`);
  }
  const age = maxAgeMs === undefined ? '' : `; Max-Age=${Math.floor(maxAgeMs / 1_000)}`;
  return `; Path=${path}${age}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
