// Checks the sessions of pools.
import { cookieSessions, type JwtKey, jwtSessions } from 'evenkeel/sessions';
import { cookieOptions } from '../cookie-options.ts';
import type { GatewayConfig } from '../schema.ts';
import type { CookieConfig, JwtConfig, SessionsConfig } from '../session-schema.ts';
import { shownPath } from '../shown-value.ts';

/** The name of a setting at the beginning of a message. */
const SETTING =
  /^(?:secrets|name|path|secure|maxAgeMs|sameSite|domain|partitioned|key|algorithms|issuer|audience|claim)\b/;

/**
 * Mistakes of sessions, in the words of the session code; none about secrets that are not read yet.
 * @param where - for example `pools.shop.sessions`
 */
export function sessionProblems(sessions: SessionsConfig, where: string): string[] {
  try {
    if ('cookie' in sessions) checkCookie(sessions.cookie);
    else checkJwt(sessions.jwt);
    return [];
  } catch (error) {
    const { message } = error as Error;
    const place = `${where}.${'cookie' in sessions ? 'cookie' : 'jwt'}`;
    const own = message.replaceAll('attributes.', '');
    return [SETTING.test(own) ? `${place}.${own}` : `${place} cannot be used: ${own}`];
  }
}

function checkCookie({ secrets, ...cookie }: CookieConfig): void {
  cookieSessions({
    ...cookieOptions(cookie),
    backends: () => [],
    // Placeholders stand in for secrets that are not read yet, so that places in messages are right.
    secrets: secrets.map((secret) => (typeof secret === 'string' ? secret : ' '.repeat(32))),
  });
}

function checkJwt({ key, algorithms, claim }: JwtConfig): void {
  if (typeof key === 'object' && !Object.hasOwn(key, 'kty') && !Object.hasOwn(key, 'keys')) return;
  jwtSessions({ key: key as JwtKey, algorithms, claim });
}

/** Pools whose cookies overwrite each other, as clients may use both: that works, but no session lasts. */
export function cookieClashes({ pools, routes = [] }: Pick<GatewayConfig, 'pools' | 'routes'>): string[] {
  const cookies = Object.entries(pools).flatMap(([pool, { sessions }]) => {
    if (sessions === undefined || !('cookie' in sessions)) return [];
    const hosts = routes.filter((route) => route.pool === pool).map(({ host }) => host);
    return [{ pool, key: `${sessions.cookie.name} ${sessions.cookie.path}`, hosts }];
  });
  return cookies.flatMap(({ pool, key, hosts }, i) => {
    const rival = cookies
      .slice(0, i)
      .find((other) => other.key === key && hosts.some((host) => other.hosts.some((one) => meet(host, one))));
    if (rival === undefined) return [];
    const [place, other] = [pool, rival.pool].map((name) => shownPath(['pools', name, 'sessions', 'cookie']));
    return [`${place} has name and path of ${other}: clients that use both lose their sessions`];
  });
}

/** Whether a request can match both hosts. */
function meet(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return true;
  const covers = (pattern: string, host: string) =>
    pattern.startsWith('*.') && host.endsWith(pattern.slice(1));
  return covers(a, b) || covers(b, a);
}
