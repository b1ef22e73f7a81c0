import type { BlockList } from 'node:net';
import { forwardedElement } from 'evenkeel/internal';
import type { ClientConnection } from './client-connection.ts';
import { clientIn } from './forwarded-elements.ts';
import type { RequestHead } from './request-head.ts';
import { clientOf } from './trusted-proxies.ts';

/** What a gateway calls itself, and whom it believes. */
export interface Identity {
  /** The pseudonym in `Via`. */
  readonly name: string;
  readonly trustedProxies: BlockList;
}

/** Where a request really comes from. */
export interface Origin {
  readonly address: string;
  readonly scheme: string;
}

/** The client and the scheme that it used: what the peer says where it is trusted, else the peer itself. */
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

/** `X-Forwarded-For` is what nearly all proxies write; `Forwarded` counts where it is not there. */
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
 * Adds `Host`, `Via`, `Forwarded` and `X-Forwarded-*` to the headers that are passed on. What the client said of itself counts only where
 * it is trusted, and then comes first.
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
  // On a unix socket nobody has one.
  if (address !== '')
    headers.push('X-Forwarded-For', before === undefined ? address : `${before}, ${address}`);
  headers.push('X-Forwarded-Proto', (isTrusted && head.forwardedProto) || scheme);
  if (host !== '') headers.push('X-Forwarded-Host', (isTrusted && head.forwardedHost) || host);
  const own = forwardedElement(forwardedFor, host, scheme);
  headers.push('Forwarded', isTrusted && head.forwarded !== undefined ? `${head.forwarded}, ${own}` : own);
}

/** Whether a request was here before: a route that leads back to the gateway must not turn for ever. */
export function isLoop(via: string | undefined, name: string): boolean {
  if (via === undefined || !via.includes(name)) return false;
  return via.split(',').some((hop) => hop.trim().split(/\s+/)[1] === name);
}
