/** Host and path of a route. */
export function routeText({ host = '*', path }: { host?: string | undefined; path: string }): string {
  return `${host === '*' ? 'any host' : host}, ${path}`;
}
