import { cookieSessions, type JwtKey, jwtSessions } from '../../../sessions/index.ts';
import type { PoolConfig } from '../pool-schema.ts';

type Sessions = NonNullable<PoolConfig['sessions']>;

/** What names a setting, where a message begins with it. */
const SETTING = /^(?:secrets|name|path|secure|maxAgeMs|key|algorithms|issuer|audience|claim)\b/;

/**
 * What is wrong with sessions, in the words of those who keep them; nothing is said of secrets that are still to be read.
 * @param where - for example `pools.shop.sessions`
 */
export function sessionProblems(sessions: Sessions, where: string): string[] {
  try {
    if ('cookie' in sessions) checkCookie(sessions.cookie);
    else checkJwt(sessions.jwt);
    return [];
  } catch (error) {
    const { message } = error as Error;
    const place = `${where}.${'cookie' in sessions ? 'cookie' : 'jwt'}`;
    return [SETTING.test(message) ? `${place}.${message}` : `${place} cannot be used: ${message}`];
  }
}

function checkCookie({ secrets, name, path, secure, maxAgeMs }: Extract<Sessions, { cookie: unknown }>['cookie']): void {
  cookieSessions({
    backends: () => [],
    // What is still to be read stands in for itself, so that places in messages are right.
    secrets: secrets.map((secret) => (typeof secret === 'string' ? secret : ' '.repeat(32))),
    name,
    path,
    secure: secure ?? false,
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
  });
}

function checkJwt({ key, algorithms, claim }: Extract<Sessions, { jwt: unknown }>['jwt']): void {
  if (typeof key === 'object' && !Object.hasOwn(key, 'kty') && !Object.hasOwn(key, 'keys')) return;
  jwtSessions({ key: key as JwtKey, algorithms, claim });
}
