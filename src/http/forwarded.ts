// Formats elements of the `Forwarded` header (RFC 7239).
import { isToken } from './token.ts';

/**
 * An address in the format of `for=` (RFC 7239 section 6).
 * @param address - `undefined` or empty if it is not known
 */
export function forwardedNode(address: string | undefined): string {
  if (!address) return 'unknown';
  return address.includes(':') ? `"[${address}]"` : address;
}

/** One element of `Forwarded`. @param node - from {@link forwardedNode} */
export function forwardedElement(node: string, host: string, scheme: string): string {
  // RFC 7239 section 4: a host that is not a token is quoted.
  return `for=${node};host=${isToken(host) ? host : `"${host}"`};proto=${scheme}`;
}
