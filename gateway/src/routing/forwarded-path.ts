// Which path a backend gets.
import type { RequestPath } from '../config/normal-path.ts';
import { otherReadings } from './other-readings.ts';
import type { RedirectRoute, Route } from './route-table.ts';

/**
 * Path and query for the backend. A backend could read a path that is forwarded as it came in another way
 * than the gateway, so that it got past the rules of another route. Where that is possible, the backend gets
 * the normalised path, which every server reads in one way.
 * @param find - the route of a path, for this request
 */
export function forwardedPath(
  path: RequestPath,
  route: Route,
  forward: 'raw' | 'normalised',
  find: (path: string) => Route | RedirectRoute | undefined,
): string {
  const { rewrite } = route;
  const spelt = isRawSafe(path, route, forward, find) ? path.raw : path.normal;
  if (rewrite === undefined) return spelt + path.query;
  // A path whose beginning is taken away must have that very beginning, and nothing that leads back to it.
  const source = spelt === path.normal || isLikeNormal(path, route) ? spelt : path.normal;
  const added = rewrite.query(path.normal);
  const query = added === undefined ? path.query : `?${added}${path.query.replace('?', '&')}`;
  return (rewrite.forth(source) ?? rewrite.forth(path.normal) ?? spelt) + query;
}

function isRawSafe(
  path: RequestPath,
  route: Route,
  forward: 'raw' | 'normalised',
  find: (path: string) => Route | RedirectRoute | undefined,
): boolean {
  if (path.isNormal) return true;
  if (forward === 'normalised') return false;
  const readings = otherReadings(path);
  if (readings === undefined) return false;
  return readings.every((reading) => {
    const other = find(reading.path);
    if (other === route) return true;
    // The route of a part of the hierarchy above, whose rules this one replaces.
    if (other === undefined || 'redirect' in other || !route.isBelow(other)) return false;
    return reading.isSame || (other.isBare && other.pool === route.pool);
  });
}

/** Whether a path differs from its normal form in the spelling of segments alone, and not in the route's. */
function isLikeNormal({ raw }: RequestPath, { prefix }: Route): boolean {
  if (/\/\/|\/(?:\.|%2e){1,2}(?:[;/]|$)|[;\\]/i.test(raw)) return false;
  return raw.startsWith(prefix) && (prefix.endsWith('/') || (raw[prefix.length] ?? '/') === '/');
}
