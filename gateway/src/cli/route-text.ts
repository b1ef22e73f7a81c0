// Routes in words.
import type { RouteConfig } from '../config/schema.ts';

/** Host and path of a route. */
export function placeText({ host = '*', path }: { host?: string | undefined; path: string }): string {
  return `${host === '*' ? 'any host' : host}, ${path}`;
}

/** Host, path and conditions of a route. */
export function routeText(route: Pick<RouteConfig, 'path'> & Partial<RouteConfig>): string {
  const { methods, headers, listeners } = route;
  const conditions = [
    ...(methods === undefined ? [] : [methods.join(' ')]),
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    ...(listeners === undefined ? [] : [`at ${listeners.join(' ')}`]),
  ];
  return [placeText(route), ...conditions].join(', ');
}
