export type { BackendSource } from './backend-tags.ts';
export {
  type CookieSessionStats,
  type CookieSessions,
  type CookieSessionsOptions,
  cookieSessions,
} from './cookie-sessions.ts';
export type { Jwk, JwkSet, JwtHeader, JwtKeyFinder, JwtParts, VerificationKey } from './jwk.ts';
export type { JwtAlgorithm, JwtKey } from './jwt-key.ts';
export {
  type JwtSessionLimits,
  type JwtSessionStats,
  type JwtSessions,
  type JwtSessionsOptions,
  jwtSessions,
} from './jwt-sessions.ts';
export type { JwtRejection } from './jwt-verifier.ts';
