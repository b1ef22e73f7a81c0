import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { Request } from '../../src/index.ts';
import { type JwtSessions, type JwtSessionsOptions, jwtSessions } from '../../src/sessions/index.ts';
import { aRequest } from '../support.ts';

export const SECRET = 'a secret of the tests, with 32 bytes or more';
export const NOW_S = 1_800_000_000;

const pair = (type: 'rsa' | 'ec' | 'ed25519', options: object = {}) =>
  generateKeyPairSync(type as 'rsa', {
    modulusLength: 2_048,
    ...options,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
export const RSA = pair('rsa');
export const RSA_2 = pair('rsa');
export const EC = pair('ec', { namedCurve: 'P-256' });
export const EC_384 = pair('ec', { namedCurve: 'P-384' });
export const ED = pair('ed25519');

export const encoded = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** The claims of a token that is good for an hour. */
export const claims = (more: object = {}) => ({ sub: 'ann', exp: NOW_S + 3_600, ...more });

/** A token signed with HMAC, its header and claims as given: text is taken as it is. */
export function hmacToken(
  payload: unknown = claims(),
  header: unknown = { alg: 'HS256' },
  secret = SECRET,
): string {
  const text = `${encoded(header)}.${encoded(payload)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** A token signed with RSA. */
export function rsaToken(
  payload: unknown = claims(),
  header: object = { alg: 'RS256' },
  key = RSA.privateKey,
): string {
  const text = `${encoded(header)}.${encoded(payload)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

export const withToken = (token: string): Request =>
  aRequest('/', { headers: { authorization: `Bearer ${token}` } });

/** Sessions on a clock that stands still, with a secret unless told otherwise. */
export function setUp(options: Partial<JwtSessionsOptions> = {}): JwtSessions {
  const limits = { now: () => NOW_S * 1_000, ...options.limits };
  return jwtSessions({ key: SECRET, algorithms: ['HS256'], ...options, limits });
}

/** Everything that was rejected, by reason. */
export function rejections({ stats }: JwtSessions): Record<string, number> {
  return Object.fromEntries(Object.entries(stats.rejected).filter(([, count]) => count > 0));
}
