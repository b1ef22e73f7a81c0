// Checks routes.
import { CONNECTION_HEADERS, nearestName } from 'evenkeel/internal';
import { routedPath } from '../normal-path.ts';
import type { GatewayConfig, RouteConfig } from '../schema.ts';
import { shownPath, shownValue } from '../shown-value.ts';

/** Headers of framing or of one connection: only the gateway may set them. */
const OWN_HEADERS = new Set([...CONNECTION_HEADERS, 'content-length', 'expect']);

/** Mistakes of routes, of each and of all together. */
export function routeProblems({
  routes,
  pools,
  paths,
}: Pick<GatewayConfig, 'routes' | 'pools' | 'paths'>): string[] {
  const names = Object.keys(pools);
  if (names.length === 0) return ['pools must have at least one pool, got {}'];
  if (routes === undefined) {
    if (names.length === 1) return [];
    return [`routes is missing; it must say which requests go where, since there are ${names.length} pools`];
  }
  return [
    ...routes.flatMap((route, i) => [
      ...pathProblems(route.path, `routes[${i}].path`),
      ...poolProblems(route, names, `routes[${i}].pool`),
      ...headerProblems(route.requestHeaders, `routes[${i}].requestHeaders`, true),
      ...headerProblems(route.responseHeaders, `routes[${i}].responseHeaders`, false),
    ]),
    ...duplicates(routes, paths.caseSensitive),
  ];
}

function poolProblems({ pool }: RouteConfig, names: readonly string[], where: string): string[] {
  if (names.includes(pool)) return [];
  const near = nearestName(pool, names);
  const hint = near === undefined ? '' : `; did you mean ${shownValue(near)}?`;
  return [`${where} must be the name of a pool, got ${shownValue(pool)}${hint}`];
}

/** A route's path covers every path below it: other proxies write a star for that. */
function pathProblems(path: string, where: string): string[] {
  const star = path.indexOf('*');
  if (star < 0) return [];
  const meant = /^[^*]*\*+$/.test(path) ? path.slice(0, star).replace(/(?<=.)\/$/, '') : undefined;
  const hint = meant === undefined ? '' : `; did you mean ${shownValue(meant)}?`;
  return [
    `${where} must be the beginning of paths without "*", and covers every path below it, got ${shownValue(path)}${hint}`,
  ];
}

function duplicates(routes: readonly RouteConfig[], caseSensitive: boolean): string[] {
  const places = new Map<string, number>();
  return routes.flatMap(({ host, path }, i): string[] => {
    const key = `${host ?? '*'} ${routedPath(path, caseSensitive)}`;
    const twin = places.get(key);
    places.set(key, twin ?? i);
    if (twin === undefined) return [];
    const what = `${host === undefined ? 'any host' : shownValue(host)} and ${shownValue(path)}`;
    return [`routes[${i}] must differ from routes[${twin}] in host or path, got ${what} in both`];
  });
}

function headerProblems(
  { set, remove }: RouteConfig['requestHeaders'],
  where: string,
  ofRequest: boolean,
): string[] {
  const names = [
    ...Object.keys(set).map((name) => [name, shownPath(['set', name])] as const),
    ...remove.map((name, i) => [name, shownPath(['remove', i])] as const),
  ];
  const places = new Map<string, string>();
  return names.flatMap(([name, place]): string[] => {
    const lower = name.toLowerCase();
    const twin = places.get(lower);
    places.set(lower, twin ?? place);
    if (OWN_HEADERS.has(lower))
      return [`${where}.${place} must not be ${lower}, which the gateway itself decides`];
    if (ofRequest && lower === 'host' && place.startsWith('remove')) {
      return [`${where}.${place} must not be host, which every request needs`];
    }
    return twin === undefined ? [] : [`${where}.${place} must not name the header of ${where}.${twin} again`];
  });
}
