// Which path a backend gets.
import type { RequestPath } from '../config/normal-path.ts';
import { otherReadings } from './other-readings.ts';
import { longerQuery, rewritten } from './path-rewrite.ts';
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
  const isRaw = isRawSafe(path, route, forward, find);
  const spelt = isRaw ? path.raw : path.normal;
  if (rewrite === undefined) return spelt + path.query;
  const source = isRaw ? path : path.asNormal();
  const next = rewritten(source, rewrite);
  return (next?.path ?? spelt) + longerQuery(next?.added, path.query);
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
