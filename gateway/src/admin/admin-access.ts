import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { canonicalHost } from '../config/host-names.ts';
import { AdminError } from './admin-error.ts';
import { type AdminTarget, hostOf } from './admin-target.ts';

/** What a route lets in. */
export interface RouteAccess {
  /** Needs no token: it tells nothing of the traffic. */
  readonly isPublic?: boolean;
  /** Asked by machines that know this one by any name. */
  readonly isProbe?: boolean;
}

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Decides who may do what. Without a token the listener is open to this machine alone, and so to every page that its browser shows: a request must
 * name the listener as its host, against DNS rebinding, and must not come from another origin. With a token any host will do: a name that somebody
 * points at this address gives no token away, since browsers keep those by origin.
 */
export class AdminAccess {
  readonly #token: Buffer | undefined;
  readonly #host: string | undefined;

  /**
   * @param host - the address or name that the listener was told to listen on
   * @param token - left out: none is asked for
   */
  constructor(host: string, token: string | undefined) {
    this.#host = canonicalHost(host);
    this.#token = token === undefined ? undefined : digest(Buffer.from(token));
  }

  /**
   * @param route - `undefined` where there is none: what there is, only those with a token learn
   * @throws AdminError with status 421 for a wrong host, 403 for another origin or an unproven change, 401 without the token
   */
  check(request: IncomingMessage, target: AdminTarget, route: RouteAccess = {}): void {
    if (!route.isProbe) this.#checkHost(request, target);
    checkOrigin(request, target);
    if (this.#token === undefined) checkIntent(request);
    else if (!route.isPublic) this.#checkToken(request, this.#token);
  }

  #checkHost({ socket }: IncomingMessage, { authority }: AdminTarget): void {
    if (this.#token !== undefined) return;
    const host = authority === undefined ? undefined : hostOf(authority);
    const own = socket.localAddress === undefined ? undefined : canonicalHost(socket.localAddress);
    if (host !== undefined && (isLocal(host) || host === this.#host || host === own)) return;
    throw new AdminError(421, 'ERR_ADMIN_HOST', 'the admin listener is not known by this host name');
  }

  #checkToken({ headers }: IncomingMessage, token: Buffer): void {
    const [, given] = /^bearer +(.+)$/i.exec(headers.authorization ?? '') ?? [];
    // Digests are of equal length whatever was given, so that the time tells nothing. node:http reads each byte as a character.
    if (given !== undefined && timingSafeEqual(digest(Buffer.from(given, 'latin1')), token)) return;
    const challenge = 'Bearer realm="evenkeel admin"';
    throw new AdminError(
      401,
      'ERR_ADMIN_UNAUTHORIZED',
      'the header Authorization must be Bearer and the token of the configuration',
      { 'WWW-Authenticate': given === undefined ? challenge : `${challenge}, error="invalid_token"` },
    );
  }
}

/**
 * A browser says where a request comes from. What comes from another origin is refused, but for the page that a link or the address bar opens:
 * nobody but its reader sees that.
 */
function checkOrigin({ headers, method = '' }: IncomingMessage, { authority }: AdminTarget): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isOpened = headers['sec-fetch-mode'] === 'navigate' && SAFE.has(method);
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none' && !isOpened;
  if (!isForeign && (origin === undefined || isSameOrigin(origin, authority))) return;
  throw new AdminError(403, 'ERR_ADMIN_CROSS_ORIGIN', 'requests from other origins are refused');
}

/** By host and port alone: what ends TLS before this listener changes the scheme. */
function isSameOrigin(origin: string, authority: string | undefined): boolean {
  if (authority === undefined || !URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  if (!URL.canParse(`${protocol}//${authority}`)) return false;
  return /^https?:$/.test(protocol) && new URL(`${protocol}//${authority}`).host === host;
}

/**
 * A change that no token vouches for must show that no page of another site has sent it: by a header that such a page cannot set without being
 * asked about, or by the browser's word, which has been checked.
 */
function checkIntent({ headers, method = '' }: IncomingMessage): void {
  const isFromHere = headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin';
  if (SAFE.has(method) || isFromHere || (headers['x-evenkeel-admin'] ?? '') !== '') return;
  throw new AdminError(403, 'ERR_ADMIN_CROSS_ORIGIN', 'a change needs the header X-Evenkeel-Admin: 1');
}

function isLocal(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === '[::1]') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
