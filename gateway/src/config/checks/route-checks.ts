// Checks routes.
import { CONNECTION_HEADERS, nearestName } from 'evenkeel/internal';
import { routedPath } from '../normal-path.ts';
import { PathTemplate } from '../path-template.ts';
import { inWords } from '../rule.ts';
import type { GatewayConfig, RouteConfig } from '../schema.ts';
import { shownPath, shownValue } from '../shown-value.ts';

/** Headers of framing or of one connection: only the gateway may set them. */
const OWN_HEADERS = new Set([...CONNECTION_HEADERS, 'content-length', 'expect']);

/**
 * Mistakes of routes, of each and of all together.
 * @param config - a route or listener that is wrong by itself is a hole in its list
 * @param names - of all pools
 */
export function routeProblems(
  { routes, paths, listeners }: Pick<GatewayConfig, 'routes' | 'paths' | 'listeners'>,
  names: readonly string[],
): string[] {
  if (names.length === 0) return ['pools must have at least one pool, got {}'];
  if (routes === undefined) {
    if (names.length === 1) return [];
    return [`routes is missing; it must say which requests go where, since there are ${names.length} pools`];
  }
  const listenerNames = listeners.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return [
    ...routes.flatMap((route, i) => [
      ...pathProblems(route.path, `routes[${i}].path`),
      ...poolProblems(route, names, `routes[${i}]`),
      ...redirectProblems(route, `routes[${i}]`),
      ...rewriteProblems(route, `routes[${i}]`),
      ...(route.listeners ?? []).flatMap((name, k) =>
        nameProblems(name, listenerNames, `routes[${i}].listeners[${k}]`, 'a listener'),
      ),
      ...headerProblems(route.requestHeaders, `routes[${i}].requestHeaders`, true),
      ...headerProblems(route.responseHeaders, `routes[${i}].responseHeaders`, false),
    ]),
    ...duplicates(routes, paths.caseSensitive),
  ];
}

function poolProblems({ pool, redirect }: RouteConfig, names: readonly string[], where: string): string[] {
  if (redirect !== undefined)
    return pool === undefined
      ? []
      : [`${where}.pool must be left out where redirect is given, got ${shownValue(pool)}`];
  if (pool === undefined) return [`${where}.pool is missing; it must be the name of a pool`];
  return nameProblems(pool, names, `${where}.pool`, 'a pool');
}

function nameProblems(name: string, names: readonly string[], where: string, what: string): string[] {
  if (names.includes(name)) return [];
  const near = nearestName(name, names);
  const hint = near === undefined ? '' : `; did you mean ${shownValue(near)}?`;
  return [`${where} must be the name of ${what}, got ${shownValue(name)}${hint}`];
}

/** Settings that are for backends. */
const BACKEND_SETTINGS = ['rateLimit', 'timeouts', 'limits', 'retries'] as const;

function redirectProblems(route: RouteConfig, where: string): string[] {
  const { redirect, stripPrefix, rewrite, requestHeaders } = route;
  if (redirect === undefined) return [];
  const { scheme, host, port } = redirect;
  const changes = [scheme, host, port, rewrite].some((setting) => setting !== undefined) || stripPrefix;
  const hasHeaders = requestHeaders.remove.length + Object.keys(requestHeaders.set).length > 0;
  const idle = [
    ...BACKEND_SETTINGS.filter((name) => route[name] !== undefined),
    ...(hasHeaders ? ['requestHeaders'] : []),
  ];
  return [
    ...(changes
      ? []
      : [`${where}.redirect must change scheme, host or port, or go with rewrite or stripPrefix`]),
    ...idle.map(
      (name) => `${where}.${name} must be left out where redirect is given: no backend gets the request`,
    ),
  ];
}

function rewriteProblems({ path, stripPrefix, rewrite }: RouteConfig, where: string): string[] {
  const isRoot = routedPath(path, true) === '/';
  if (stripPrefix && isRoot) return [`${where}.stripPrefix must be false where path is "/", got true`];
  if (rewrite === undefined) return [];
  if (stripPrefix) return [`${where}.rewrite must be left out where stripPrefix is true`];
  return typeof rewrite === 'string'
    ? pathProblems(rewrite, `${where}.rewrite`)
    : patternProblems(rewrite, path, `${where}.rewrite`);
}

function patternProblems({ from, to }: { from: string; to: string }, path: string, where: string): string[] {
  const [target = '', query = ''] = to.split('?', 2);
  const [source, goal] = [templateIn(from), templateIn(target)];
  if (typeof source === 'string') return [`${where}.from cannot be used: ${source}, got ${shownValue(from)}`];
  if (typeof goal === 'string') return [`${where}.to cannot be used: ${goal}, got ${shownValue(to)}`];
  const names = source.names;
  const used = [...goal.names, ...[...query.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)];
  const own = from.split('{', 1)[0] as string;
  const prefix = path.endsWith('/') ? path : `${path}/`;
  const isBelow =
    own.length < path.length ? path.startsWith(own) && own !== from : `${own}/`.startsWith(prefix);
  const unknown = used.filter((name) => !names.includes(name)).map((name) => `{${name}}`);
  return [
    ...(isBelow
      ? []
      : [`${where}.from must begin with path, which is ${shownValue(path)}, got ${shownValue(from)}`]),
    ...(unknown.length === 0
      ? []
      : [`${where}.to must have variables of from alone, got ${inWords(unknown, 'and')}`]),
  ];
}

/** The template; or what is wrong with it. */
function templateIn(text: string): PathTemplate | string {
  try {
    return new PathTemplate(text);
  } catch (error) {
    return (error as Error).message;
  }
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
  return routes.flatMap((route, i): string[] => {
    const { host, path } = route;
    const key = `${host ?? '*'} ${routedPath(path, caseSensitive)} ${conditionsOf(route)}`;
    const twin = places.get(key);
    places.set(key, twin ?? i);
    if (twin === undefined) return [];
    const what = `${host === undefined ? 'any host' : shownValue(host)} and ${shownValue(path)}`;
    return [
      `routes[${i}] must differ from routes[${twin}] in host, path or a condition, got ${what} in both`,
    ];
  });
}

/** A redirect is for requests that ask for another URL than that it leads to. */
function conditionsOf({ methods = [], headers = {}, listeners = [], redirect }: RouteConfig): string {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return JSON.stringify([[...methods].sort(), named.sort(), [...listeners].sort(), redirect !== undefined]);
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
