import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { JwtKeyFinder } from './jwk.ts';
import { checkAlgorithms, type JwtAlgorithm, type JwtKey, readKey } from './jwt-key.ts';

/** Why a token was not valid. */
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

/** What tokens are checked against. */
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

  /** @throws TypeError or RangeError naming the option */
  constructor(checks: JwtChecks) {
    const { issuer, audience, requiredClaims, clockToleranceMs } = checks;
    const algorithms = checkAlgorithms(checks.algorithms);
    if (!(clockToleranceMs >= 0 && clockToleranceMs <= 86_400_000)) {
      throw new RangeError(`clockToleranceMs must be a number from 0 to 86400000, got ${clockToleranceMs}`);
    }
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

  /** The claims of a token. @throws what {@link rejectionOf} names */
  async verify(token: string): Promise<JWTPayload> {
    if (!isCanonical(token)) throw new errors.JWTInvalid('not in canonical base64url');
    const now = this.#checks.now();
    const options = { ...this.#options, currentDate: new Date(now) };
    const claims = await this.#verify(token, options);
    const { iat } = claims;
    if (iat !== undefined && iat * 1_000 > now + this.#checks.clockToleranceMs) {
      throw new errors.JWTClaimValidationFailed('issued in the future', claims, 'iat', 'check_failed');
    }
    return claims;
  }

  async #verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    try {
      return (await jwtVerify(token, this.#getKey, options)).payload;
    } catch (error) {
      // A set in which several keys fit a token without a kid, as while keys are being replaced.
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      let failure: unknown = new errors.JWSSignatureVerificationFailed();
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, options)).payload;
        } catch (thrown) {
          failure = thrown;
          if (!(thrown instanceof errors.JWSSignatureVerificationFailed)) break;
        }
      }
      throw failure;
    }
  }
}

/** Why {@link JwtVerifier.verify} threw. */
export function rejectionOf(error: unknown): JwtRejection {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return CLAIMS[error.claim] ?? 'claim';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  return MALFORMED.some((kind) => error instanceof kind) ? 'malformed' : 'key';
}

/** The last one is for critical extensions that nobody knows. */
const MALFORMED = [errors.JWSInvalid, errors.JWTInvalid, errors.JOSENotSupported];

const CLAIMS: Readonly<Record<string, JwtRejection | undefined>> = {
  __proto__: null as never,
  nbf: 'early',
  iat: 'early',
  iss: 'issuer',
  aud: 'audience',
};

/** Bits beyond the last byte must be 0, so that a token has one spelling (RFC 4648 section 3.5). */
const PART = '(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?';
const CANONICAL = new RegExp(`^${PART}\\.${PART}\\.${PART}$`);

function isCanonical(token: string): boolean {
  return CANONICAL.test(token);
}

/** A name that is missing by mistake must not switch a check off. */
function namesOf(names: string | readonly string[], option: string): string[] {
  const list = typeof names === 'string' ? [names] : names;
  const isFine =
    Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === 'string' && name !== '');
  if (!isFine)
    throw new TypeError(
      `${option} must be a name, or an array of at least one, got ${JSON.stringify(names)}`,
    );
  return [...list];
}
