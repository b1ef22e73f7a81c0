import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { checkJose, loadJose } from './jose.ts';
import type { JwtKeyFinder } from './jwk.ts';
import { checkAlgorithms, type JwtAlgorithm, type JwtKey, readKey } from './jwt-key.ts';

/** Why a token is invalid. */
export type JwtRejection =
  | 'oversized'
  | 'malformed'
  | 'algorithm'
  | 'key'
  | 'signature'
  | 'expired'
  | 'early'
  | 'issuer'
  | 'audience'
  | 'claim';

/** The checks of tokens. */
export interface JwtChecks {
  readonly key: JwtKey;
  readonly algorithms: readonly JwtAlgorithm[];
  readonly issuer: string | readonly string[] | undefined;
  readonly audience: string | readonly string[] | undefined;
  readonly requiredClaims: readonly string[];
  readonly clockToleranceMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Verifies tokens with jose. */
export class JwtVerifier {
  readonly #getKey: JwtKeyFinder;
  readonly #checks: JwtChecks;
  readonly #options: JWTVerifyOptions;

  /** @throws TypeError or RangeError that names the option */
  constructor(checks: JwtChecks) {
    const { issuer, audience, requiredClaims, clockToleranceMs } = checks;
    checkJose();
    const algorithms = checkAlgorithms(checks.algorithms);
    this.#checks = checks;
    this.#getKey = readKey(checks.key, algorithms);
    this.#options = {
      algorithms: [...algorithms],
      requiredClaims: [...requiredClaims],
      clockTolerance: clockToleranceMs / 1_000,
      ...(issuer === undefined ? {} : { issuer: namesOf(issuer, 'issuer') }),
      ...(audience === undefined ? {} : { audience: namesOf(audience, 'audience') }),
    };
  }

  /** The claims of a token. @throws an error of which {@link rejectionOf} returns the reason */
  async verify(token: string): Promise<JWTPayload> {
    if (!isCanonical(token)) throw new Rejection('malformed', 'not in canonical base64url');
    const now = this.#checks.now();
    const options = { ...this.#options, currentDate: new Date(now) };
    const claims = await this.#verify(token, options);
    const { iat } = claims;
    if (iat !== undefined && iat * 1_000 > now + this.#checks.clockToleranceMs) {
      throw new Rejection('early', 'issued in the future');
    }
    return claims;
  }

  async #verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    const { jwtVerify } = await loadJose();
    try {
      return (await jwtVerify(token, this.#getKey, options)).payload;
    } catch (error) {
      // Several keys of the set fit a token without a `kid`, for example while keys are being replaced. Try
      // them all.
      if (!hasSeveralKeys(error)) throw error;
      let failure: unknown = new Rejection('signature', 'no key of the set fits');
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, options)).payload;
        } catch (thrown) {
          failure = thrown;
          if (rejectionOf(thrown) !== 'signature') break;
        }
      }
      throw failure;
    }
  }
}

/** A token was rejected by a rule that jose does not have. */
class Rejection extends Error {
  readonly reason: JwtRejection;

  constructor(reason: JwtRejection, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The reason for an error of {@link JwtVerifier.verify}. */
export function rejectionOf(error: unknown): JwtRejection {
  if (error instanceof Rejection) return error.reason;
  const { code, claim } = (error ?? {}) as { code?: unknown; claim?: unknown };
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') return CLAIMS[String(claim)] ?? 'claim';
  return REASONS[String(code)] ?? 'key';
}

/**
 * Reasons by jose's error codes. Classes are not compared, as a host may load a second copy of jose to find
 * the keys. Any other error is a failure to find the key.
 */
const REASONS: Readonly<Record<string, JwtRejection | undefined>> = {
  __proto__: null as never,
  ERR_JWT_EXPIRED: 'expired',
  ERR_JOSE_ALG_NOT_ALLOWED: 'algorithm',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature',
  ERR_JWS_INVALID: 'malformed',
  ERR_JWT_INVALID: 'malformed',
  // An unknown critical extension.
  ERR_JOSE_NOT_SUPPORTED: 'malformed',
};

const CLAIMS: Readonly<Record<string, JwtRejection | undefined>> = {
  __proto__: null as never,
  nbf: 'early',
  iat: 'early',
  iss: 'issuer',
  aud: 'audience',
};

type Key = Parameters<Awaited<ReturnType<typeof loadJose>>['jwtVerify']>[1];

function hasSeveralKeys(error: unknown): error is AsyncIterable<Exclude<Key, (...args: never) => unknown>> {
  return (error as { code?: unknown } | null)?.code === 'ERR_JWKS_MULTIPLE_MATCHING_KEYS';
}

/**
 * A part of a token in base64url. Bits beyond the last byte must be 0, so that a token has one spelling (RFC
 * 4648 section 3.5).
 */
const PART = '(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?';
const CANONICAL = new RegExp(`^${PART}\\.${PART}\\.${PART}$`);

function isCanonical(token: string): boolean {
  return CANONICAL.test(token);
}

/**
 * A list of names. An empty one is an error, as a name that is missing by mistake must not turn off the
 * check.
 */
function namesOf(names: string | readonly string[], option: string): string[] {
  const list = typeof names === 'string' ? [names] : names;
  const isFine =
    Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === 'string' && name !== '');
  if (!isFine)
    throw new TypeError(
      `${option} must be a name or an array of at least one name, got ${JSON.stringify(names)}`,
    );
  return [...list];
}
