/** What a route is for, in words. */
export function routeText({ host = '*', path }: { host?: string | undefined; path: string }): string {
  return `${host === '*' ? 'any host' : host}, ${path}`;
}
