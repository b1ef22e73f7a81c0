import { hash } from 'node:crypto';
import { byHeader, type Request, type Session, type SessionPolicy } from '../index.ts';
import { aBag, bag, checkBag, checkNeeded } from '../options/bag.ts';
import { aFunction, aListOf, aNumber, anInteger, aString, aText, type Rule } from '../options/rule.ts';
import type { JwtAlgorithm, JwtKey } from './jwt-key.ts';
import { type JwtRejection, JwtVerifier, rejectionOf } from './jwt-verifier.ts';
import { Lru } from './lru.ts';

/** Settings of {@link jwtSessions}. */
export interface JwtSessionsOptions {
  /**
   * The key that verifies tokens: a secret, a public key or certificate in PEM, a JWK, a JWKS, or a function
   * that finds the key.
   */
  readonly key: JwtKey;
  /** The allowed signature algorithms; each must fit the key. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** The allowed issuers of tokens: the claim `iss`. @defaultValue any issuer */
  readonly issuer?: string | readonly string[];
  /** The accepted audiences of tokens: one of them must be in the claim `aud`. @defaultValue any audience */
  readonly audience?: string | readonly string[];
  /** The claim that names the session: a string of 1 to 255 characters, or a number. @defaultValue `'sub'` */
  readonly claim?: string;
  /** Returns the token of a request. @defaultValue the bearer token in the header `authorization` */
  readonly token?: (request: Request) => string | undefined;
  readonly limits?: JwtSessionLimits;
}

/** Limits of {@link jwtSessions}. */
export interface JwtSessionLimits {
  /** Tolerated difference of clocks, in milliseconds, up to a day. @defaultValue 60,000 */
  readonly clockToleranceMs?: number;
  /** Claims that a token must have. @defaultValue `exp`, so that no token is valid for ever */
  readonly requiredClaims?: readonly string[];
  /**
   * Verified tokens that are remembered until they expire, from 0 to 1,000,000.
   * @defaultValue 10,000, about 2 MB
   */
  readonly tokens?: number;
  /** Sessions away from home that are remembered, from 0 to 10,000,000. @defaultValue 100,000, about 10 MB */
  readonly sessions?: number;
  /** The time in milliseconds since 1970, for tests. @defaultValue `Date.now` */
  readonly now?: () => number;
}

const someNames: Rule = {
  words: 'a string or an array of strings',
  holds: (value) =>
    typeof value === 'string' ||
    (Array.isArray(value) && value.every((one: unknown) => typeof one === 'string')),
};

const LIMITS = bag<JwtSessionLimits>({
  clockToleranceMs: aNumber('a number from 0 to 86400000', (ms) => ms >= 0 && ms <= 86_400_000),
  requiredClaims: aListOf(aString),
  tokens: anInteger(0, 1_000_000),
  sessions: anInteger(0, 10_000_000),
  now: aFunction,
});

const OPTIONS = bag<JwtSessionsOptions>({
  // The verifier knows which keys there are, and which algorithms fit each.
  key: { words: 'a key', holds: () => true, isSecret: true },
  algorithms: { words: 'an array of algorithms', holds: Array.isArray },
  issuer: someNames,
  audience: someNames,
  claim: aText,
  token: aFunction,
  limits: aBag(LIMITS),
});

/** The counters of {@link JwtSessions} since they were created. */
export interface JwtSessionStats {
  /** Tokens that were verified. */
  readonly verified: number;
  /** Tokens that were remembered from an earlier verification. */
  readonly cached: number;
  /** Invalid tokens, which were ignored, by the reason. */
  readonly rejected: Readonly<Record<JwtRejection, number>>;
  /** Sessions away from home that are remembered now. */
  readonly remembered: number;
}

/** Sessions by token. */
export interface JwtSessions extends SessionPolicy {
  written: NonNullable<SessionPolicy['written']>;
  /** The counters so far. */
  readonly stats: JwtSessionStats;
}

interface VerifiedToken {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly validUntil: number;
}

/** A longer token is rejected. */
const LIMIT_CHARACTERS = 16_384;
/** The longest `sub` of OpenID Connect. */
const MAX_CLAIM_CHARACTERS = 255;

/**
 * Keeps each signed-in user on one backend by a claim of the user's token (RFC 7519). jose verifies the
 * signature, algorithm, expiry, issuer and audience. An invalid token is ignored. Keys in the header of a
 * token (`jwk`, `jku`, `x5u`) are ignored.
 *
 * The claim is the key of the session, and gives it a home: a backend on the ring, past the bounds, under
 * every strategy. So all processes with the same pool send a session to the same backend, without talking to
 * each other; when backends are added or removed, only sessions whose home moved go elsewhere. Each process
 * remembers the exceptions alone: sessions whose home was not in service stay on the backend that they found
 * instead. Both tables are bounded, and drop the least recently used entry: a dropped token is verified
 * again, a dropped exception goes home. Tokens are remembered by their SHA-256
 * only, until they expire: a key that is withdrawn stays in effect for remembered tokens until then.
 * @throws TypeError or RangeError that names the option
 * @see RFC 8725, the best current practices for tokens
 */
export function jwtSessions(options: JwtSessionsOptions): JwtSessions {
  checkBag(options, OPTIONS, '', 'jwtSessions');
  checkNeeded(options, OPTIONS, '', ['algorithms']);
  const {
    key,
    algorithms,
    issuer,
    audience,
    claim = 'sub',
    token: tokenOf = bearerToken,
    limits = {},
  } = options;
  const { clockToleranceMs = 60_000, requiredClaims = ['exp'], now = Date.now } = limits;
  const verifier = new JwtVerifier({
    key,
    algorithms,
    issuer,
    audience,
    requiredClaims,
    clockToleranceMs,
    now,
  });
  const tokens = new Lru<VerifiedToken>(limits.tokens ?? 10_000);
  const backends = new Lru<string>(limits.sessions ?? 100_000);
  const counts = { verified: 0, cached: 0 };
  const rejected = noRejections();

  const sessionOf = (key: string): Session => ({ key, backend: backends.get(key) });

  const verify = async (token: string, digest: string): Promise<Session | undefined> => {
    try {
      const claims = await verifier.verify(token);
      const key = keyOf(Object.hasOwn(claims, claim) ? claims[claim] : undefined);
      if (key === undefined) {
        rejected.claim++;
        return undefined;
      }
      counts.verified++;
      const expiresAt = claims.exp === undefined ? Number.POSITIVE_INFINITY : claims.exp * 1_000;
      tokens.set(digest, { key, validUntil: expiresAt + clockToleranceMs });
      return sessionOf(key);
    } catch (error) {
      rejected[rejectionOf(error)]++;
      return undefined;
    }
  };

  return {
    read(request) {
      const token = attempt(() => tokenOf(request));
      if (typeof token !== 'string' || token === '') return undefined;
      if (token.length > LIMIT_CHARACTERS) {
        rejected.oversized++;
        return undefined;
      }
      const digest = hash('sha256', token, 'base64url');
      const known = tokens.get(digest);
      if (known === undefined) return verify(token, digest);
      if (now() >= known.validUntil) {
        tokens.delete(digest);
        rejected.expired++;
        return undefined;
      }
      counts.cached++;
      return sessionOf(known.key);
    },
    written(session, backendId) {
      if (session?.key === undefined || session.backend === backendId) return;
      // A home that is in service needs no memory, even if a retry was answered elsewhere.
      if (session.home === undefined) backends.set(session.key, backendId);
      else backends.delete(session.key);
    },
    get stats() {
      return { ...counts, rejected: { ...rejected }, remembered: backends.size };
    },
  };
}

const authorization = byHeader('authorization');

/** The bearer token of a request (RFC 6750 section 2.1). */
function bearerToken(request: Request): string | undefined {
  return /^bearer +(.*)$/is.exec(authorization(request)?.trim() ?? '')?.[1];
}

/** Calls a function of the host. If it throws on input of a client, the result is `undefined`. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function keyOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' && value.length <= MAX_CLAIM_CHARACTERS
    ? value
    : undefined;
}

function noRejections(): Record<JwtRejection, number> {
  return {
    oversized: 0,
    malformed: 0,
    algorithm: 0,
    key: 0,
    signature: 0,
    expired: 0,
    early: 0,
    issuer: 0,
    audience: 0,
    claim: 0,
  };
}
