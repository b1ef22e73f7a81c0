// The schema of sessions.
import type { JwtAlgorithm } from 'evenkeel/sessions';
import { z } from 'zod';
import { duration, hostPattern, secret, secretSources, text, token } from './values.ts';

const algorithms = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const satisfies readonly JwtAlgorithm[];

const cookie = z.strictObject({
  secrets: z
    .array(secret)
    .min(1)
    .describe(
      'Keys of at least 32 bytes: the first one signs, all of them verify, so that keys can be replaced.',
    ),
  name: token.default('evenkeel').describe('Name of the cookie.'),
  path: z
    .string()
    .startsWith('/')
    .default('/')
    .meta({ rule: 'a path that begins with "/"' })
    .describe('Path that the cookie is for.'),
  secure: z
    .boolean()
    .optional()
    .describe('Whether clients send the cookie over TLS only. Left out: if the request came over TLS.'),
  maxAgeMs: duration
    .min(1_000)
    .optional()
    .describe('Milliseconds that the client keeps the cookie. Left out: until its own session ends.'),
  sameSite: z
    .enum(['strict', 'lax', 'none'])
    .default('lax')
    .describe(
      'With which requests of other sites browsers send it; `none`, for pages in frames, is always secure.',
    ),
  domain: hostPattern
    .optional()
    .meta({ rule: 'a host name such as shop.example' })
    .describe('The host whose subdomains get the cookie, too. Left out: the host of the request alone.'),
  partitioned: z
    .boolean()
    .default(false)
    .describe('Whether a page in a frame has a cookie of its own for each site around it; always secure.'),
});

const jwk = z
  .record(z.string(), z.unknown())
  .refine((key) => Object.hasOwn(key, 'kty') || Object.hasOwn(key, 'keys'));

const names = z.union([text, z.array(text).min(1)]).meta({ rule: 'a string or a list of them' });

const jwt = z.strictObject({
  key: z
    .union([...secretSources, jwk])
    .meta({
      rule: 'a string, { env: NAME }, { file: PATH }, a JWK with kty or a JWKS with keys',
      secret: true,
    })
    .describe(
      'The key that verifies tokens: a secret, a public key in PEM, a JWK or a JWKS; also from a file or the environment.',
    ),
  algorithms: z
    .array(z.enum(algorithms))
    .min(1)
    .describe('Allowed signature algorithms; each must fit the key.'),
  issuer: names.optional().describe('The required issuer of the token (`iss`). Left out: any.'),
  audience: names.optional().describe('The required audience of the token (`aud`). Left out: any.'),
  claim: text.default('sub').describe('The claim that names the session.'),
});

/** How the requests of one client stay on one backend. */
export const sessions = z
  .union([
    z.strictObject({ cookie: cookie.describe('By a signed cookie that the gateway sets.') }),
    z.strictObject({ jwt: jwt.describe('By a claim of a signed bearer token, which is verified.') }),
  ])
  .meta({ rule: 'an object with either cookie or jwt' });

/** Sessions by cookie, with every default. */
export type CookieConfig = z.output<typeof cookie>;
/** Sessions by token, with every default. */
export type JwtConfig = z.output<typeof jwt>;
/** Sessions of either kind, with every default. */
export type SessionsConfig = z.output<typeof sessions>;
