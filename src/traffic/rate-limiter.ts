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
 * The headers that tell a client where it stands: `RateLimit-Limit`, `RateLimit-Remaining` and
 * `RateLimit-Reset`, and `Retry-After` where the request is refused. Times are in whole seconds, rounded up,
 * so that a client that waits as told is not refused again.
 *
 * This is the form of the drafts up to 06, which is what clients read; later ones fold it into two structured
 * fields, and none of them is an RFC yet.
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
  // A delay of 0 would have the client come back at once.
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
 * Whom to count an address for: an IPv4 address for itself, an IPv6 address for its /64, since all of that is
 * commonly one client's. An IPv4-mapped IPv6 address is the IPv4 address; brackets, port and zone id do not
 * count. O(length).
 * @returns for example `192.0.2.7` or `2001:db8:0:1::/64`; what is no IP address comes back as it is
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

/** One spelling for each byte: with leading zeros, some readers take it for octal. */
function isByte(text: string): boolean {
  return String(Number(text)) === text && Number(text) <= 255;
}

/** The eight groups of an IPv6 address, `undefined` where it is none. */
function groupsOf(text: string): number[] | undefined {
  const url = parsedUrl(`http://[${text}]`);
  if (url === undefined) return undefined;
  // The parser has written it in its one short form, a dotted tail included.
  const [head = [], tail = []] = url.hostname.slice(1, -1).split('::').map(groupsIn);
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function groupsIn(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
