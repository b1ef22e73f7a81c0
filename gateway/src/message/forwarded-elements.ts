// Reads `Forwarded` (RFC 7239).
import type { BlockList } from 'node:net';
import { TOKEN_PATTERN } from 'evenkeel/internal';
import { addressOf, isTrusted } from './trusted-proxies.ts';

/** The parameters of one element of `Forwarded` that are used here. */
interface Element {
  for?: string;
  proto?: string;
}

/** An optional pair and the separator after it (RFC 7239 section 4). */
const PART = new RegExp(
  `[ \\t]*(?:(${TOKEN_PATTERN})=("(?:[^"\\\\]|\\\\.)*"|[^\\s;,"]+)[ \\t]*)?([;,]|$)`,
  'y',
);

/**
 * Finds the client in `Forwarded`: the hop nearest to the gateway that is not a trusted proxy.
 * @returns its address, and its scheme if that is given; `undefined` if there is no address that can be read
 */
export function clientIn(
  forwarded: string,
  proxies: BlockList,
): { address: string; scheme: string | undefined } | undefined {
  let client: { address: string; scheme: string | undefined } | undefined;
  for (const { for: node = '', proto } of elementsOf(forwarded).reverse()) {
    const address = addressOf(node);
    if (address === undefined) return client;
    client = { address, scheme: proto };
    if (!isTrusted(address, proxies)) return client;
  }
  return client;
}

/** Empty if any part is malformed: an open quote from a client would hide the elements that proxies added. */
function elementsOf(forwarded: string): Element[] {
  let element: Element = {};
  const elements = [element];
  PART.lastIndex = 0;
  for (;;) {
    const match = PART.exec(forwarded);
    if (match === null) return [];
    const [, name, value = '', end] = match;
    const parameter = name?.toLowerCase();
    if (parameter === 'for' || parameter === 'proto') element[parameter] = unquoted(value);
    if (end === '') return elements;
    if (end === ',') elements.push((element = {}));
  }
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}
