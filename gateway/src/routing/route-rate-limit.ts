// The rate limit of a route.
import type { RouteConfig } from '../config/schema.ts';
import type { RouteRateLimit } from '../contracts.ts';

/** The rate limit of a route; `undefined` if it has none. Equal routes share one limit. */
export function rateLimitOf({
  host = '*',
  path,
  methods,
  headers,
  listeners,
  rateLimit,
}: RouteConfig): RouteRateLimit | undefined {
  if (rateLimit === undefined) return undefined;
  const { points, durationMs, by } = rateLimit;
  const counted = by === 'client-address' ? by : `header ${by.header.toLowerCase()}`;
  const asked = [methods, headers, listeners].filter((condition) => condition !== undefined);
  const conditions = asked.map((condition) => ` ${JSON.stringify(condition)}`).join('');
  return { name: `${host}${path}${conditions} ${counted} ${points}/${durationMs}`, points, durationMs };
}
