// The contract of a rate limiter, the headers that report a limit, and the network of a client address.

import { parsedUrl } from '../http/url.ts';

/** Counts requests by key. `evenkeel/rate-limit` has two: in memory and in Redis. */
export interface RateLimiter {
  /** Counts a request of a key. */
  take(key: string): Promise<RateLimitVerdict>;
}

/** The result of a {@link RateLimiter} for one request. */
export interface RateLimitVerdict {
  /** Whether the request is within the limit. */
  readonly allowed: boolean;
  /** The limit: requests of a key in one window. */
  readonly limit: number;
  /** Requests left in this window. */
  readonly remaining: number;
  /** Milliseconds until the window ends. */
  readonly resetMs: number;
}

/**
 * The headers that report the limit to a client: `RateLimit-Limit`, `RateLimit-Remaining` and
 * `RateLimit-Reset`, and `Retry-After` if the request is refused. Times are in whole seconds, rounded up, so
 * that a client that waits as long is not refused again.
 *
 * This is the format of the drafts up to 06, which clients support. Later drafts have two structured fields
 * instead; none of them is an RFC yet.
 * @see draft-ietf-httpapi-ratelimit-headers-06, and RFC 9110 section 10.2.3 for `Retry-After`
 */
export function rateLimitHeaders({
  allowed,
  limit,
  remaining,
  resetMs,
}: RateLimitVerdict): [header: string, value: string][] {
  const headers: [string, string][] = [
    ['RateLimit-Limit', whole(limit)],
    ['RateLimit-Remaining', whole(remaining)],
    ['RateLimit-Reset', whole(resetMs / 1_000)],
  ];
  // With a delay of 0 the client would retry at once.
  if (!allowed) headers.push(['Retry-After', whole(Math.max(1, resetMs / 1_000))]);
  return headers;
}

/** The largest number that these headers can hold (RFC 9651 section 3.3.1). */
const LARGEST = 999_999_999_999_999;

/** The integer text of a number. The limiter may be the host's own: values that are not numbers become 0. */
function whole(value: number): string {
  return String(Math.min(LARGEST, Math.max(0, Math.ceil(value) || 0)));
}

/**
 * The network by which a client's address is counted: an IPv4 address itself, or the /64 of an IPv6 address,
 * as one client commonly has a whole /64. An IPv4-mapped IPv6 address counts as the IPv4 address. Brackets,
 * port and zone id are ignored. O(length).
 * @returns for example `192.0.2.7` or `2001:db8:0:1::/64`; a text that is not an IP address is returned
 * unchanged
 * @see RFC 4291 sections 2.2 and 2.5.5.2, RFC 6177 section 2
 */
export function clientNetwork(address: string): string {
  const v4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/.exec(address)?.[1];
  if (v4 !== undefined) return v4.split('.').every(isByte) ? v4 : address;
  const [, bracketed, bare] =
    /^(?:\[([\da-f:.]+)(?:%[^\]]*)?\](?::\d{1,5})?|([\da-f:.]+)(?:%.*)?)$/i.exec(address) ?? [];
  const groups = groupsOf(bracketed ?? bare ?? '');
  if (groups === undefined) return address;
  if (groups.slice(0, 6).join() === '0,0,0,0,0,65535') {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** Whether a text is a byte in decimal, without leading zeros, which some parsers read as octal. */
function isByte(text: string): boolean {
  return String(Number(text)) === text && Number(text) <= 255;
}

/** The eight groups of an IPv6 address; `undefined` if it is not one. */
function groupsOf(text: string): number[] | undefined {
  const url = parsedUrl(`http://[${text}]`);
  if (url === undefined) return undefined;
  // The URL parser returns the canonical short form, with a dotted tail converted to groups.
  const [head = [], tail = []] = url.hostname.slice(1, -1).split('::').map(groupsIn);
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function groupsIn(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
