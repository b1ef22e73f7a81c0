// The settings of session cookies as the library takes them.
import type { CookieSessionsOptions } from 'evenkeel/sessions';
import type { CookieConfig } from './session-schema.ts';

/** Whether the cookie is `Secure` only if its request came over TLS. */
export function followsScheme({ secure, sameSite, partitioned }: Omit<CookieConfig, 'secrets'>): boolean {
  return secure === undefined && sameSite !== 'none' && !partitioned;
}

/** The options of a cookie, but for its secrets. */
export function cookieOptions(
  cookie: Omit<CookieConfig, 'secrets'>,
): Omit<CookieSessionsOptions, 'backends' | 'secrets' | 'pool'> {
  const { name, path, secure, maxAgeMs, sameSite, domain, partitioned } = cookie;
  return {
    name,
    path,
    secure: secure ?? !followsScheme(cookie),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    attributes: { sameSite, partitioned, ...(domain === undefined ? {} : { domain }) },
  };
}
