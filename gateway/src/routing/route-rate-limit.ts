// The rate limit of a route.
import type { RouteConfig } from '../config/schema.ts';
import type { RouteRateLimit } from '../contracts.ts';

/** The rate limit of a route; `undefined` if it has none. Equal routes share one limit. */
export function rateLimitOf({ host = '*', path, rateLimit }: RouteConfig): RouteRateLimit | undefined {
  if (rateLimit === undefined) return undefined;
  const { points, durationMs, by } = rateLimit;
  const counted = by === 'client-address' ? by : `header ${by.header.toLowerCase()}`;
  return { name: `${host}${path} ${counted} ${points}/${durationMs}`, points, durationMs };
}
