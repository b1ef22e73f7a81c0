import { hash } from 'node:crypto';
import { byHeader, type Request, type Session, type SessionPolicy } from '../index.ts';
import type { JwtAlgorithm, JwtKey } from './jwt-key.ts';
import { type JwtRejection, JwtVerifier, rejectionOf } from './jwt-verifier.ts';
import { Lru } from './lru.ts';

/** Settings of {@link jwtSessions}. */
export interface JwtSessionsOptions {
  /** What verifies tokens: a secret, a public key or certificate in PEM, a JWK, a JWKS, or a function that finds the key. */
  readonly key: JwtKey;
  /** The algorithms that tokens may be signed with; each must fit the key. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** Who must have issued the token: the claim `iss`. @defaultValue anybody who has the key */
  readonly issuer?: string | readonly string[];
  /** For whom the token must be: one of the claim `aud`. @defaultValue anybody */
  readonly audience?: string | readonly string[];
  /** The claim that names the session: a string of 1 to 255 characters, or a number. @defaultValue `'sub'` */
  readonly claim?: string;
  /** Where the token of a request is. @defaultValue the bearer token in the header `authorization` */
  readonly token?: (request: Request) => string | undefined;
  readonly limits?: JwtSessionLimits;
}

/** Limits of {@link jwtSessions}. */
export interface JwtSessionLimits {
  /** Milliseconds by which clocks may differ, up to a day. @defaultValue 60,000 */
  readonly clockToleranceMs?: number;
  /** Claims that a token must have. @defaultValue `exp`, so that no token is good for ever */
  readonly requiredClaims?: readonly string[];
  /** Verified tokens that are remembered until they expire, from 0 to 1,000,000. @defaultValue 10,000, about 2 MB */
  readonly tokens?: number;
  /** Sessions whose backend is remembered, from 0 to 10,000,000. @defaultValue 100,000, about 10 MB */
  readonly sessions?: number;
  /** The time in milliseconds since 1970, for tests. @defaultValue `Date.now` */
  readonly now?: () => number;
}

/** Sessions by token in numbers, since the beginning. */
export interface JwtSessionStats {
  /** Tokens that were verified. */
  readonly verified: number;
  /** Tokens that had been verified before. */
  readonly cached: number;
  /** Tokens that were as if they were not there, by what was wrong with them. */
  readonly rejected: Readonly<Record<JwtRejection, number>>;
  /** Sessions whose backend is remembered now. */
  readonly remembered: number;
}

/** Sessions by token. */
export interface JwtSessions extends SessionPolicy {
  written: NonNullable<SessionPolicy['written']>;
  /** What happened so far. */
  readonly stats: JwtSessionStats;
}

interface VerifiedToken {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly validUntil: number;
}

const LIMIT_CHARACTERS = 16_384;
/** As long as a `sub` of OpenID Connect may be. */
const MAX_CLAIM_CHARACTERS = 255;

/**
 * Keeps each signed-in user on one backend by a claim of their token (RFC 7519), verified with jose: signature, algorithm, expiry, issuer
 * and audience. A token that is not valid is as if there were none. What a token's header says of keys (`jwk`, `jku`, `x5u`) is ignored.
 *
 * The claim is the key of the session, so that a strategy with keys places new sessions alike in all processes; where a session is,
 * this process remembers, so that it stays there when the pool grows. Both tables are bounded and forget what was not used for longest:
 * a token that was forgotten is verified again, a session that was goes where its key belongs. Tokens are remembered by their
 * SHA-256 alone, and no longer than they are valid: a key that is withdrawn counts until then.
 * @throws TypeError or RangeError naming the option
 * @see RFC 8725, the best current practices for tokens
 */
export function jwtSessions(options: JwtSessionsOptions): JwtSessions {
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
  if (typeof claim !== 'string' || claim === '')
    throw new TypeError('claim must be a string with at least one character');
  if (typeof tokenOf !== 'function') throw new TypeError('token must be a function');
  const verifier = new JwtVerifier({
    key,
    algorithms,
    issuer,
    audience,
    requiredClaims,
    clockToleranceMs,
    now,
  });
  const tokens = new Lru<VerifiedToken>(sizeOf(limits.tokens ?? 10_000, 'limits.tokens', 1e6));
  const backends = new Lru<string>(sizeOf(limits.sessions ?? 100_000, 'limits.sessions', 1e7));
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
      if (session?.key !== undefined && session.backend !== backendId) backends.set(session.key, backendId);
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

/** A function of the host that trips over what a client sent has found nothing. */
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

function sizeOf(size: number, option: string, max: number): number {
  if (Number.isInteger(size) && size >= 0 && size <= max) return size;
  throw new RangeError(`${option} must be an integer from 0 to ${max}, got ${String(size)}`);
}
