// The request headers that a backend gets.

import type { Client } from '../message/client.ts';
import { addForwarded, type Identity, type Origin } from '../message/forwarded-headers.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { Route } from '../routing/route-table.ts';

/**
 * The headers for the backend: a flat list of names and values. To be called once, as it extends the list of
 * the head.
 */
export function requestHeaders(
  head: RequestHead,
  client: Pick<Client, 'version' | 'connection'>,
  route: Route,
  { identity, origin, requestId }: { identity: Identity; origin: Origin; requestId: string },
): string[] {
  const { sessions } = route.pool.config;
  let headers = head.headers;
  // Backends do not get the gateway's session cookie.
  if (sessions !== undefined && 'cookie' in sessions) headers = withoutCookie(headers, sessions.cookie.name);
  addForwarded(headers, head, origin, client, identity);
  headers.push('X-Request-Id', requestId);
  return route.requestHeaders.apply(headers);
}

function withoutCookie(headers: readonly string[], cookie: string): string[] {
  const left: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    if (name.length !== 6 || name.toLowerCase() !== 'cookie' || !value.includes(cookie))
      left.push(name, value);
    else {
      const others = value.split(';').filter((pair) => pair.split('=', 1)[0]?.trim() !== cookie);
      if (others.length > 0) left.push(name, others.join(';').trim());
    }
  }
  return left;
}

/**
 * Headers by name, in lower case. A name that occurs several times has a list of values.
 */
export function headerRecord(rawHeaders: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    const value = rawHeaders[index + 1] as string;
    const before = record[name];
    if (before === undefined) record[name] = value;
    else if (typeof before === 'string') record[name] = [before, value];
    else before.push(value);
  }
  return record;
}
