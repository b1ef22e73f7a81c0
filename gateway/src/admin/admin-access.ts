// Decides which calls the admin listener accepts: by host, origin and token.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { canonicalHost } from '../config/host-names.ts';
import { AdminError } from './admin-error.ts';
import { type AdminTarget, hostOf } from './admin-target.ts';

/** What a route asks of its callers. */
export interface RouteAccess {
  /** Needs no token: it reveals nothing about the traffic. */
  readonly isPublic?: boolean;
  /** Accepts any host name: machines call it by names of their own. */
  readonly isProbe?: boolean;
}

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Decides which calls are accepted. Without a token the listener serves this machine alone, and so every page
 * that its browser shows: a request must name the listener as its host (against DNS rebinding), and must not
 * come from another origin. With a token any host is accepted: a foreign name that points at this address
 * learns no token, since browsers keep tokens by origin.
 */
export class AdminAccess {
  readonly #token: Buffer | undefined;
  readonly #host: string | undefined;

  /**
   * @param host - the address or name that the listener listens on
   * @param token - left out: no token is needed
   */
  constructor(host: string, token: string | undefined) {
    this.#host = canonicalHost(host);
    this.#token = token === undefined ? undefined : digest(Buffer.from(token));
  }

  /**
   * @param route - `undefined` for an unknown path, which needs the token: only callers that have it learn
   *   which paths exist
   * @throws AdminError with status 421 for a wrong host, 403 for another origin or an unproven change, 401
   *   without the token
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
    // Digests have equal length, so that the time of the comparison reveals nothing. node:http reads each
    // byte as a character.
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
 * Browsers say which origin a request comes from; other origins are refused. The exception is a page opened
 * by a link or the address bar: the other site cannot read it.
 */
function checkOrigin({ headers, method = '' }: IncomingMessage, { authority }: AdminTarget): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isOpened = headers['sec-fetch-mode'] === 'navigate' && SAFE.has(method);
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none' && !isOpened;
  if (!isForeign && (origin === undefined || isSameOrigin(origin, authority))) return;
  throw new AdminError(403, 'ERR_ADMIN_CROSS_ORIGIN', 'requests from other origins are refused');
}

/** Compares host and port alone: a proxy that ends TLS before this listener changes the scheme. */
function isSameOrigin(origin: string, authority: string | undefined): boolean {
  if (authority === undefined || !URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  if (!URL.canParse(`${protocol}//${authority}`)) return false;
  return /^https?:$/.test(protocol) && new URL(`${protocol}//${authority}`).host === host;
}

/**
 * Without a token, a change must prove that no page of another site has sent it: by a header that such a page
 * cannot set without a preflight, or by the origin that the browser sent, which was checked before.
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
