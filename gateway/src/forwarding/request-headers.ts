// The request headers that a backend gets.

import type { Client } from '../message/client.ts';
import { addForwarded, forwardedLines, type Identity, type Origin } from '../message/forwarded-headers.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { Route } from '../routing/route-table.ts';
import type { RequestFields } from '../upstream/connections.ts';

/** The headers for the backend. To be called once, as it extends the list of the head. */
export function requestHeaders(
  head: RequestHead,
  client: Pick<Client, 'version' | 'connection'>,
  route: Route,
  { identity, origin, requestId }: { identity: Identity; origin: Origin; requestId: string },
): RequestFields {
  const rules = route.requestHeaders;
  const { lines } = head;
  if (lines !== undefined && !rules.concernOrigin && rules.addedLines !== undefined) {
    const forwarded = forwardedLines(head, origin, client, identity);
    if (forwarded !== undefined)
      return {
        // An id is of harmless characters.
        lines: `${forwarded}${lines}X-Request-Id: ${requestId}\r\n${rules.addedLines}`,
        hasHost: true,
        headers: head.headers.length === 0 ? head.headers : rules.without(head.headers),
      };
  }
  const cookie = sessionCookie(route);
  let headers = head.headers;
  // Backends do not get the gateway's session cookie.
  if (cookie !== undefined) headers = withoutCookie(headers, cookie);
  addForwarded(headers, head, origin, client, identity);
  headers.push('X-Request-Id', requestId);
  return { lines, headers: rules.apply(headers) };
}

/** The name of the cookie of a route's sessions, if they have one. */
export function sessionCookie({ pool }: Route): string | undefined {
  const { sessions } = pool.config;
  return sessions !== undefined && 'cookie' in sessions ? sessions.cookie.name : undefined;
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
