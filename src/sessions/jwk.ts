/**
 * A JSON Web Key (RFC 7517) that verifies signatures: a public key, or a secret. The types of this file are
 * compatible with those of jose. They are declared here because CommonJS projects cannot import the
 * declarations of jose, which is an ES module only.
 */
export interface Jwk {
  /** The kind of key: `RSA`, `EC`, `OKP` or `oct`. */
  readonly kty?: string;
  /** The name of the key within a set. */
  readonly kid?: string;
  /** The algorithm that the key is meant for. */
  readonly alg?: string;
  /** The purpose of the key; if given, it must be `sig`. */
  readonly use?: string;
  /** The operations that the key is meant for. */
  readonly key_ops?: string[];
  /** Whether Web Crypto may export the key. */
  readonly ext?: boolean;
  /** The curve of an `EC` or `OKP` key. */
  readonly crv?: string;
  /** The x coordinate of an `EC` or `OKP` key, in base64url, like all numbers of keys. */
  readonly x?: string;
  /** The y coordinate of an `EC` key. */
  readonly y?: string;
  /** The modulus of an `RSA` key. */
  readonly n?: string;
  /** The exponent of an `RSA` key. */
  readonly e?: string;
  /** The secret of an `oct` key. */
  readonly k?: string;
  /** The private part of a private key. Private keys are rejected. */
  readonly d?: string;
  /** The certificates of the key, in base64. */
  readonly x5c?: string[];
  /** The URL of the certificates. */
  readonly x5u?: string;
  /** The SHA-1 of the certificate. */
  readonly x5t?: string;
  /** The SHA-256 of the certificate. */
  readonly 'x5t#S256'?: string;
}

/** A set of public keys (JWKS, RFC 7517 section 5). */
export interface JwkSet {
  readonly keys: Jwk[];
}

/** The header of a token whose key is looked up. Not verified yet. */
export interface JwtHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
  readonly [parameter: string]: unknown;
}

/** The parts of that token as they were received, in base64url. */
export interface JwtParts {
  readonly protected?: string;
  readonly payload: string | Uint8Array;
  readonly signature: string;
}

/** A public key: a `KeyObject` of Node.js or a `CryptoKey`, either of which has a `type`, a JWK, or bytes. */
export type VerificationKey = { readonly type: string } | Jwk | Uint8Array;

/** Finds the key of a token. If it throws or rejects, the token is invalid. */
export type JwtKeyFinder = (header: JwtHeader, token: JwtParts) => VerificationKey | Promise<VerificationKey>;
