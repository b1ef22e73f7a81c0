// Turns the configuration of sessions into a policy.
import type { Backend, SessionPolicy } from 'evenkeel';
import { cookieSessions, type JwtAlgorithm, type JwtKey, jwtSessions } from 'evenkeel/sessions';
import { cookieOptions } from '../config/cookie-options.ts';
import type { ResolvedPool } from '../config/resolved-config.ts';
import { defined } from './pool-options.ts';

/**
 * The sessions of a pool; `undefined` if it has none.
 * @throws TypeError or RangeError naming the setting
 */
export function sessionPolicy(
  { sessions }: ResolvedPool,
  pool: string,
  backends: () => readonly Backend[],
): SessionPolicy | undefined {
  if (sessions === undefined) return undefined;
  if ('jwt' in sessions) {
    const { key, algorithms, ...settings } = sessions.jwt;
    return jwtSessions({
      ...defined(settings),
      key: key as JwtKey,
      algorithms: algorithms as JwtAlgorithm[],
    });
  }
  return cookieSessions({
    ...cookieOptions(sessions.cookie),
    secrets: sessions.cookie.secrets,
    pool,
    backends,
  });
}
