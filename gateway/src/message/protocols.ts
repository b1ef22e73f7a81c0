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

/** A body that comes before the other protocol is kept, up to this size. */
const MAX_BODY_BYTES = 65_536;

/**
 * Whether a request becomes a tunnel if its backend agrees. Any other offer to change the protocol may be
 * ignored, and its request goes on without it.
 * @param rawHeaders - names and values by turns
 */
export function asksForTunnel(method: string, rawHeaders: readonly string[]): boolean {
  const protocols: string[] = [];
  let length = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    const value = rawHeaders[index + 1] as string;
    if (name === 'upgrade') protocols.push(...otherProtocols(value));
    // The two sides could disagree about where chunks end and the other protocol begins.
    else if (name === 'transfer-encoding') return false;
    else if (name === 'content-length') length = Number(value);
  }
  // A 101 is no response to HEAD.
  if (protocols.length === 0 || method === 'HEAD') return false;
  if (method === 'GET') return length === 0;
  // WebSocket begins with nothing else than a GET (RFC 6455 section 4.1).
  const isWebSocket = protocols.some((protocol) => protocol.toLowerCase() === 'websocket');
  return !isWebSocket && length <= MAX_BODY_BYTES;
}

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
