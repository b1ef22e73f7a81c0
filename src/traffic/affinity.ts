// Functions that derive the key of a request.

import { named } from '../balancer/key-name.ts';
import type { Request } from '../contracts.ts';
import { isToken } from '../http/token.ts';
import { shown } from '../shown.ts';

/**
 * Derives the key of a request. Requests with equal keys go to the same backend; `undefined` means that the
 * request has no key.
 */
export type AffinityKey = (request: Request) => string | undefined;

/** The path with its query, so that each resource stays in the cache of one backend. */
export const byPath: AffinityKey = /* @__PURE__ */ named((request) => request.path, 'path');

/** The client's address, as set by the host. */
export const byClientAddress: AffinityKey = /* @__PURE__ */ named(
  (request) => request.clientAddress,
  'client-address',
);

/**
 * The value of a header; the first of several. Header names are case-insensitive (RFC 9110 section 5.1).
 * @throws TypeError if the name is not a token (RFC 9110 section 5.6.2)
 */
export function byHeader(name: string): AffinityKey {
  const wanted = checkToken(name, 'header').toLowerCase();
  return named(({ headers }) => headerValue(headers, wanted), `header ${wanted}`);
}

/**
 * The value of a cookie; the first of several with the name (RFC 6265 section 5.4).
 * @throws TypeError if the name is not a token (RFC 9110 section 5.6.2)
 */
export function byCookie(name: string): AffinityKey {
  checkToken(name, 'cookie');
  return named(({ headers }) => cookieValue(headerValues(headers, 'cookie'), name), `cookie ${name}`);
}

/**
 * A claim of the bearer token in the `authorization` header (RFC 7519, RFC 6750), such as `sub`; a string or
 * a number. The token is read but NOT verified. For choosing a backend that is harmless, as a forged token
 * gives no access; do not use the claim to authenticate the client.
 * @throws TypeError if the name of the claim is empty
 */
export function byJwtClaim(claim: string): AffinityKey {
  if (typeof claim !== 'string' || claim === '') {
    throw new TypeError(
      `the name of a claim must be a string with at least one character, got ${shown(claim)}`,
    );
  }
  const read: AffinityKey = ({ headers }) => {
    const [scheme, token] = (headerValue(headers, 'authorization') ?? '').split(/ +/, 2);
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined || token.length > 16_384) return undefined;
    const value = claimsOf(token)?.[claim];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  return named(read, `jwt-claim ${claim}`);
}

function headerValue(headers: Request['headers'], wanted: string): string | undefined {
  return headerValues(headers, wanted)[0];
}

function headerValues(headers: Request['headers'], wanted: string): readonly string[] {
  if (headers === undefined) return [];
  const name = Object.hasOwn(headers, wanted)
    ? wanted
    : Object.keys(headers).find((own) => own.toLowerCase() === wanted);
  const value = name === undefined ? undefined : headers[name];
  return typeof value === 'string' ? [value] : (value ?? []);
}

/** HTTP/2 may send each cookie in a header of its own (RFC 9113 section 8.2.3). */
function cookieValue(cookies: readonly string[], name: string): string | undefined {
  for (const pair of cookies.join(';').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  try {
    const payload = (token.split('.', 2)[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? { __proto__: null, ...claims }
      : undefined;
  } catch {
    return undefined;
  }
}

function checkToken(name: string, kind: string): string {
  if (!isToken(name)) {
    throw new TypeError(`the name of a ${kind} must be a token, got ${shown(name)}`);
  }
  return name;
}
