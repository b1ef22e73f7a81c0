import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { loadJose } from './jose.ts';
import type { Jwk, JwkSet, JwtKeyFinder } from './jwk.ts';

/**
 * The key that verifies tokens: a secret (a string or bytes), a public key or certificate in PEM, a JWK, a
 * JWKS, or a function that finds the key of a token, such as jose's `createRemoteJWKSet`.
 */
export type JwtKey = string | Uint8Array | Jwk | JwkSet | JwtKeyFinder;

/**
 * An algorithm of RFC 7518, or of RFC 8037 for `EdDSA` and RFC 9864 for `Ed25519`; `none` is not among them.
 */
export type JwtAlgorithm = `${'HS' | 'RS' | 'PS' | 'ES'}${256 | 384 | 512}` | 'EdDSA' | 'Ed25519';

/** The kind of key for each algorithm. */
const KEY_KINDS: Readonly<Record<JwtAlgorithm, string>> = {
  HS256: 'secret',
  HS384: 'secret',
  HS512: 'secret',
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  PS256: 'rsa',
  PS384: 'rsa',
  PS512: 'rsa',
  ES256: 'ec prime256v1',
  ES384: 'ec secp384r1',
  ES512: 'ec secp521r1',
  EdDSA: 'ed25519',
  Ed25519: 'ed25519',
};

const PEM = '-----BEGIN ';

/** @throws TypeError if the list is empty or contains anything but an algorithm */
export function checkAlgorithms(algorithms: readonly JwtAlgorithm[]): readonly JwtAlgorithm[] {
  if (!Array.isArray(algorithms) || algorithms.length === 0) {
    throw new TypeError('algorithms must be an array of at least one algorithm');
  }
  for (const [i, algorithm] of algorithms.entries()) {
    if (typeof algorithm === 'string' && Object.hasOwn(KEY_KINDS, algorithm)) continue;
    throw new TypeError(
      `algorithms[${i}] must be one of ${Object.keys(KEY_KINDS).join(', ')}, got ${JSON.stringify(algorithm)}`,
    );
  }
  return [...algorithms];
}

/**
 * Reads a key. All algorithms must be for its kind, so that a public key can never be used as a secret. Error
 * messages never show a key.
 * @throws TypeError or RangeError if the key cannot be read or does not fit the algorithms
 */
export function readKey(key: JwtKey, algorithms: readonly JwtAlgorithm[]): JwtKeyFinder {
  if (typeof key === 'function' || isKeySet(key)) {
    const secret = algorithms.find((algorithm) => KEY_KINDS[algorithm] === 'secret');
    if (secret !== undefined)
      throw new TypeError(`algorithms must be asymmetric for a set of public keys, got ${secret}`);
    return typeof key === 'function' ? key : keySetFinder(key);
  }
  const single = readSingle(key);
  const kind = kindOf(single);
  const stranger = algorithms.find((algorithm) => KEY_KINDS[algorithm] !== kind);
  if (stranger !== undefined) {
    throw new TypeError(`key must be of the kind ${KEY_KINDS[stranger]} for ${stranger}, got ${kind}`);
  }
  checkStrength(single, algorithms);
  return async () => single;
}

function readSingle(key: unknown): KeyObject {
  if (typeof key === 'string' || key instanceof Uint8Array) {
    const bytes = Buffer.from(key);
    if (bytes.includes(PEM)) return readPublic(bytes.toString('latin1'));
    if (isPublicDer(bytes)) throw new TypeError('key must be a public key in PEM, got one in DER');
    return createSecretKey(bytes);
  }
  if (typeof key !== 'object' || key === null) {
    throw new TypeError(`key must be a secret, a PEM, a JWK, a JWKS or a function, got ${typeof key}`);
  }
  const { kty, k, use = 'sig' } = key as Jwk;
  if (use !== 'sig') throw new TypeError(`key.use must be "sig", got ${JSON.stringify(use)}`);
  if (kty !== 'oct') return readPublic(key as Jwk);
  if (typeof k !== 'string') throw new TypeError(`key.k must be a string, got ${typeof k}`);
  return createSecretKey(Buffer.from(k, 'base64url'));
}

/** @throws TypeError for a private key: verifying must not need one */
function readPublic(key: string | Jwk): KeyObject {
  const isPrivate = typeof key === 'string' ? key.includes('PRIVATE KEY-----') : key.d !== undefined;
  if (isPrivate) throw new TypeError('key must be a public key, got a private one');
  try {
    return typeof key === 'string'
      ? createPublicKey(key)
      : createPublicKey({ key: { ...key } as Record<string, unknown>, format: 'jwk' });
  } catch (cause) {
    throw new TypeError(`key cannot be read as a public key: ${(cause as Error).message}`);
  }
}

function isPublicDer(key: Buffer): boolean {
  try {
    return createPublicKey({ key, format: 'der', type: 'spki' }).type === 'public';
  } catch {
    return false;
  }
}

function isKeySet(key: unknown): key is JwkSet {
  return typeof key === 'object' && key !== null && Array.isArray((key as JwkSet).keys);
}

/** Finds the key of a token in a set, as it is now. */
function keySetFinder(set: JwkSet): JwtKeyFinder {
  if (!set.keys.every((key) => typeof key === 'object' && key !== null && !Array.isArray(key)))
    throw new TypeError('key is a JWKS, whose keys must be objects');
  const keys = structuredClone(set);
  let find: JwtKeyFinder | undefined;
  return async (header, token) => {
    find ??= (await loadJose()).createLocalJWKSet(keys);
    return find(header, token);
  };
}

function kindOf({ type, asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (type === 'secret') return 'secret';
  return [asymmetricKeyType, asymmetricKeyDetails?.namedCurve].join(' ').trim();
}

/**
 * @throws RangeError if a secret is shorter than the hash (RFC 7518 section 3.2) or an RSA key than 2048 bits
 * (section 3.3)
 */
function checkStrength(
  { symmetricKeySize, asymmetricKeyDetails }: KeyObject,
  algorithms: readonly JwtAlgorithm[],
): void {
  const bits = Math.max(...algorithms.map((algorithm) => Number(algorithm.slice(2))));
  if (symmetricKeySize !== undefined && symmetricKeySize * 8 < bits) {
    throw new RangeError(`key must have at least ${bits / 8} bytes, got ${symmetricKeySize}`);
  }
  const { modulusLength } = asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < 2_048) {
    throw new RangeError(`key must have at least 2048 bits, got ${modulusLength}`);
  }
}
