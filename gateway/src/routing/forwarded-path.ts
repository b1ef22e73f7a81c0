// Which spelling of a path a backend gets.
import type { RequestPath } from '../config/normal-path.ts';
import { otherReadings } from './other-readings.ts';
import type { Route } from './route-table.ts';

/**
 * The path for the backend, without query. A backend could read a path that is forwarded as it came in
 * another way than the gateway, so that it got past the rules of another route. Where that is possible, the
 * backend gets the normalised path, which every server reads in one way.
 * @param find - the route of a path, for this request
 */
export function forwardedPath(
  path: RequestPath,
  route: Route,
  forward: 'raw' | 'normalised',
  find: (path: string) => Route | undefined,
): string {
  if (path.isNormal) return path.raw;
  if (forward === 'normalised') return path.normal;
  const readings = otherReadings(path);
  const isSafe = readings?.every((reading) => {
    const other = find(reading.path);
    if (other === route) return true;
    // The route of a part of the hierarchy above, whose rules this one replaces.
    if (other === undefined || !route.isBelow(other)) return false;
    return reading.isSame || (other.isBare && other.pool === route.pool);
  });
  return isSafe ? path.raw : path.normal;
}
