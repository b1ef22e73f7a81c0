// The protocols that `Upgrade` names (RFC 9110 section 7.8).

/** The protocols of a value, or of several that are joined by commas. */
const protocolsOf = (upgrade: string): string[] =>
  upgrade
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');

/**
 * The protocols of a request's `Upgrade` that are no versions of HTTP, as the client wrote them. Another
 * version of HTTP is an offer that may be ignored, and no backend may be asked for it: in a tunnel of HTTP/2
 * the client could send requests that no route and no limit sees.
 */
export const otherProtocols = (upgrade: string): string[] =>
  protocolsOf(upgrade).filter((protocol) => !/^(?:h2|http)/i.test(protocol));

/**
 * Whether a backend changes to what it was asked for: a server must not switch to a protocol that the client
 * did not offer. TLS may name HTTP/1.1 after itself (RFC 2817 section 3.3).
 * @param answer - `Upgrade` of its 101
 */
export function isOffered(answer: string, offered: readonly string[]): boolean {
  const known = new Set(offered.map((protocol) => protocol.toLowerCase()));
  const changed = protocolsOf(answer.toLowerCase()).filter((protocol) => protocol !== 'http/1.1');
  return changed.length > 0 && changed.every((protocol) => known.has(protocol));
}
