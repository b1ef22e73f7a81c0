// The schema of sessions.
import type { JwtAlgorithm } from 'evenkeel/sessions';
import { z } from 'zod';
import { duration, secret, secretSources, text, token } from './values.ts';

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
    .describe('Whether the cookie may only travel over TLS. Left out: where the request came over TLS.'),
  maxAgeMs: duration
    .min(1_000)
    .optional()
    .describe('Milliseconds after which the client forgets the cookie. Left out: with its own session.'),
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
      'What verifies tokens: a secret, a public key in PEM, a JWK or a JWKS; from a file or the environment, too.',
    ),
  algorithms: z
    .array(z.enum(algorithms))
    .min(1)
    .describe('What tokens may be signed with; each must fit the key.'),
  issuer: names
    .optional()
    .describe('Who must have issued the token (`iss`). Left out: anybody who has the key.'),
  audience: names.optional().describe('For whom the token must be (`aud`). Left out: anybody.'),
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
