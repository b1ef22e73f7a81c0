// The elements of `Forwarded` (RFC 7239), as every proxy of ours writes them.
import { isToken } from './token.ts';

/**
 * An address as `for=` says it (RFC 7239 section 6).
 * @param address - empty or `undefined` if it is not known
 */
export function forwardedNode(address: string | undefined): string {
  if (!address) return 'unknown';
  return address.includes(':') ? `"[${address}]"` : address;
}

/** One element of `Forwarded`. @param node - from {@link forwardedNode} */
export function forwardedElement(node: string, host: string, scheme: string): string {
  // RFC 7239 section 4: a host that is no token stands in quotes.
  return `for=${node};host=${isToken(host) ? host : `"${host}"`};proto=${scheme}`;
}
