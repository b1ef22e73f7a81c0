// Says where a request comes from, and passes that on to backends.
import { forwardedElement, forwardedNode } from 'evenkeel/internal';
import { fieldLines } from '../http1/write.ts';
import { readAuthority } from './authority.ts';
import type { ClientConnection } from './client-connection.ts';
import { clientIn, hopsIn } from './forwarded-elements.ts';
import type { RequestHead } from './request-head.ts';
import { addressOf, clientOf, type TrustedProxies } from './trusted-proxies.ts';

/** The name of a gateway, and the proxies that it trusts. */
export interface Identity {
  /** The pseudonym in `Via`. */
  readonly name: string;
  /** Proxies whose `X-Forwarded-For` and `Forwarded` are trusted. */
  readonly trustedProxies: TrustedProxies;
}

/**
 * The client that a request comes from, and what it has asked for: one truth for all headers that tell it.
 */
export interface Origin {
  readonly address: string;
  readonly scheme: string;
  /** Host and port as the client named them; empty if it named none. */
  readonly host: string;
  /** The hops before the peer, in the form of `X-Forwarded-For`; `undefined` if the peer is not trusted. */
  readonly hops: readonly string[] | undefined;
  /** `Forwarded` of the peer, if it is trusted and says the same. */
  readonly forwarded: string | undefined;
}

/** The client, its scheme and host: as a trusted peer says, otherwise the peer itself. */
export function originOf(
  head: RequestHead,
  connection: ClientConnection,
  { trustedProxies }: Identity,
): Origin {
  const { address, scheme } = connection;
  const host = head.authority?.text ?? '';
  if (!connection.isTrusted) return { address, scheme, host, hops: undefined, forwarded: undefined };
  const { forwarded } = head;
  const client = forwarded === undefined ? undefined : clientIn(forwarded, trustedProxies);
  // `X-Forwarded-For` comes first, since nearly all proxies write it; `Forwarded` is read if it is absent.
  const hops = head.forwardedFor?.flatMap(listed) ?? [];
  const told = {
    address: hops.length === 0 ? client?.address : clientOf(hops, trustedProxies),
    scheme:
      schemeIn(head.forwardedProto, hops, trustedProxies) ??
      (hops.length === 0 ? knownScheme(client?.scheme) : undefined),
    host: hostIn(head.forwardedHost) ?? (hops.length === 0 ? hostIn(client?.host) : undefined),
  };
  const origin = {
    address: told.address ?? address,
    scheme: told.scheme ?? scheme,
    host: told.host ?? host,
    hops: hops.length === 0 && forwarded !== undefined ? hopsIn(forwarded) : hops,
  };
  return { ...origin, forwarded: isAsTold(client, origin) ? forwarded : undefined };
}

/** Whether `Forwarded` says of the client what else is said. */
function isAsTold(
  client: ReturnType<typeof clientIn>,
  { address, scheme, host }: Omit<Origin, 'forwarded'>,
): boolean {
  if (client === undefined || client.address !== address) return false;
  const isHost = client.host === undefined || client.host.toLowerCase() === host.toLowerCase();
  return isHost && knownScheme(client.scheme) === scheme;
}

/**
 * The client's scheme in `X-Forwarded-Proto`. A list has an entry for each hop, or begins with the client's.
 * @returns `undefined` if there is none that is a scheme
 */
function schemeIn(
  value: string | undefined,
  hops: readonly string[],
  proxies: TrustedProxies,
): string | undefined {
  if (value === undefined) return undefined;
  if (!value.includes(',')) return knownScheme(value);
  const schemes = listed(value);
  const client = clientOf(hops, proxies);
  const at = client === undefined ? -1 : lastPlaceOf(client, hops);
  return knownScheme(schemes[schemes.length === hops.length && at >= 0 ? at : 0]);
}

/** -1 if an address is not among hops. */
function lastPlaceOf(address: string, hops: readonly string[]): number {
  return hops.map(addressOf).lastIndexOf(address);
}

function knownScheme(value: string | undefined): string | undefined {
  const scheme = value?.trim().toLowerCase();
  // Traefik names those of WebSocket for an upgrade.
  if (scheme === 'http' || scheme === 'ws') return 'http';
  return scheme === 'https' || scheme === 'wss' ? 'https' : undefined;
}

/** The client's host: the first in a list. @returns `undefined` if there is none that can be one */
function hostIn(value: string | undefined): string | undefined {
  const host = value === undefined ? undefined : listed(value)[0];
  return host === undefined || readAuthority(host) === undefined ? undefined : host;
}

/** Empty entries of a list do not count (RFC 9110 section 5.6.1). */
function listed(value: string): string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/**
 * Adds `Host`, `Via`, `Forwarded` and `X-Forwarded-*` to the headers that are passed on. Values from the peer
 * are kept, in front, only if the peer is trusted.
 * @see RFC 9110 section 7.6.3, RFC 7239
 */
export function addForwarded(
  headers: string[],
  head: RequestHead,
  origin: Origin,
  { version, connection }: { readonly version: string; readonly connection: ClientConnection },
  { name }: Identity,
): void {
  const own = head.authority?.text ?? '';
  const { address, scheme, forwardedFor } = connection;
  const { hops } = origin;
  const via = `${version} ${name}`;
  if (head.authority !== undefined) headers.push('Host', own);
  headers.push('Via', head.via === undefined ? via : `${head.via}, ${via}`);
  // The peer of a unix socket has no address.
  const chain = [...(hops ?? []), ...(address === '' ? [] : [address])];
  if (chain.length > 0) headers.push('X-Forwarded-For', chain.join(', '));
  headers.push('X-Forwarded-Proto', origin.scheme);
  if (origin.host !== '') headers.push('X-Forwarded-Host', origin.host);
  if (connection.isTrusted && head.forwardedOthers !== undefined) headers.push(...head.forwardedOthers);
  if (hops === undefined) headers.push('Forwarded', forwardedElement(forwardedFor, own, scheme));
  else if (origin.forwarded !== undefined)
    headers.push('Forwarded', `${origin.forwarded}, ${forwardedElement(forwardedFor, own, scheme)}`);
  else headers.push('Forwarded', toldAgain(origin, hops, connection, own));
}

/**
 * What {@link addForwarded} adds, as text, each header with its line end.
 * @returns `undefined` for a request that says where it comes from, or names no host
 */
export function forwardedLines(
  head: RequestHead,
  origin: Origin,
  client: { readonly version: string; readonly connection: ClientConnection },
  identity: Identity,
): string | undefined {
  const { connection, version } = client;
  const { authority, via } = head;
  const { name } = identity;
  if (connection.isTrusted || via !== undefined || authority === undefined) return undefined;
  const before = connection.forwarded;
  if (before?.authority === authority && before.version === version && before.name === name)
    return before.text;
  const headers: string[] = [];
  addForwarded(headers, head, origin, client, identity);
  const text = fieldLines('', headers);
  connection.forwarded = { authority, version, name, text };
  return text;
}

/** `Forwarded` with what the other headers say. */
function toldAgain(
  { address, scheme, host }: Origin,
  hops: readonly string[],
  connection: ClientConnection,
  own: string,
): string {
  const client = lastPlaceOf(address, hops);
  // Where no hop is the client, the peer is.
  if (client < 0 && hops.every((hop) => addressOf(hop) === undefined))
    return forwardedElement(connection.forwardedFor, host, scheme);
  const elements = hops.map((hop, i) => {
    const node = forwardedNode(addressOf(hop));
    return i === client ? forwardedElement(node, host, scheme) : `for=${node}`;
  });
  return [...elements, forwardedElement(connection.forwardedFor, own, connection.scheme)].join(', ');
}

/** Whether a request has passed this gateway before: a route that leads back must not loop for ever. */
export function isLoop(via: string | undefined, name: string): boolean {
  if (via === undefined || !via.includes(name)) return false;
  return via.split(',').some((hop) => hop.trim().split(/\s+/)[1] === name);
}
