// Says where a request comes from, and passes that on to backends.
import type { BlockList } from 'node:net';
import { forwardedElement } from 'evenkeel/internal';
import type { ClientConnection } from './client-connection.ts';
import { clientIn } from './forwarded-elements.ts';
import type { RequestHead } from './request-head.ts';
import { clientOf } from './trusted-proxies.ts';

/** The name of a gateway, and the proxies that it trusts. */
export interface Identity {
  /** The pseudonym in `Via`. */
  readonly name: string;
  /** Proxies whose `X-Forwarded-For` and `Forwarded` are trusted. */
  readonly trustedProxies: BlockList;
}

/** The client that a request comes from. */
export interface Origin {
  readonly address: string;
  readonly scheme: string;
}

/** The client and its scheme: as a trusted peer says, otherwise the peer itself. */
export function originOf(
  head: RequestHead,
  connection: ClientConnection,
  { trustedProxies }: Identity,
): Origin {
  const { address, scheme } = connection;
  if (!connection.isTrusted) return { address, scheme };
  const said = saidOf(head, trustedProxies);
  const saidScheme = said.scheme?.toLowerCase();
  const isScheme = saidScheme === 'http' || saidScheme === 'https';
  return { address: said.address ?? address, scheme: isScheme ? saidScheme : scheme };
}

/** `X-Forwarded-For` comes first, since nearly all proxies write it; `Forwarded` is read if it is absent. */
function saidOf(
  { forwardedFor, forwardedProto, forwarded }: RequestHead,
  trustedProxies: BlockList,
): { address?: string | undefined; scheme?: string | undefined } {
  if (forwardedFor !== undefined)
    return { address: clientOf(forwardedFor, trustedProxies), scheme: forwardedProto };
  const client = forwarded === undefined ? undefined : clientIn(forwarded, trustedProxies);
  return { address: client?.address, scheme: forwardedProto ?? client?.scheme };
}

/**
 * Adds `Host`, `Via`, `Forwarded` and `X-Forwarded-*` to the headers that are passed on. Values from the peer
 * are kept, in front, only if the peer is trusted.
 * @see RFC 9110 section 7.6.3, RFC 7239
 */
export function addForwarded(
  headers: string[],
  head: RequestHead,
  version: string,
  connection: ClientConnection,
  { name }: Identity,
): void {
  const host = head.authority?.text ?? '';
  const { isTrusted, address, scheme, forwardedFor } = connection;
  const via = `${version} ${name}`;
  if (head.authority !== undefined) headers.push('Host', host);
  headers.push('Via', head.via === undefined ? via : `${head.via}, ${via}`);
  const before = isTrusted ? head.forwardedFor?.join(', ') : undefined;
  // The peer of a unix socket has no address.
  if (address !== '')
    headers.push('X-Forwarded-For', before === undefined ? address : `${before}, ${address}`);
  headers.push('X-Forwarded-Proto', (isTrusted && head.forwardedProto) || scheme);
  if (host !== '') headers.push('X-Forwarded-Host', (isTrusted && head.forwardedHost) || host);
  const own = forwardedElement(forwardedFor, host, scheme);
  headers.push('Forwarded', isTrusted && head.forwarded !== undefined ? `${head.forwarded}, ${own}` : own);
}

/** Whether a request has passed this gateway before: a route that leads back must not loop for ever. */
export function isLoop(via: string | undefined, name: string): boolean {
  if (via === undefined || !via.includes(name)) return false;
  return via.split(',').some((hop) => hop.trim().split(/\s+/)[1] === name);
}
