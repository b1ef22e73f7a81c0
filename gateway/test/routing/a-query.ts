import { readPath } from '../../src/config/normal-path.ts';
import type { Route, RouteQuery, RouteTable } from '../../src/routing/route-table.ts';

/** What routes may ask of a request. */
export function aQuery(of: Partial<RouteQuery> & { readonly path?: string } = {}): RouteQuery {
  const { path = '/', ...facts } = of;
  const requestPath = readPath(path, { encodedSlash: 'keep', caseSensitive: true });
  if (requestPath === undefined) throw new Error(`${path} cannot be read`);
  return {
    method: 'GET',
    headers: {},
    listener: undefined,
    scheme: 'http',
    authority: 'a',
    requestPath,
    ...facts,
  };
}

/** The route of a plain request, unless it is a redirect. */
export function routeFor(table: RouteTable, host: string, path: string): Route | undefined {
  const route = table.find(host, path, aQuery());
  return route === undefined || 'redirect' in route ? undefined : route;
}
