import type { BlockList } from 'node:net';
import { TOKEN_PATTERN } from 'evenkeel/internal';
import { addressOf, isTrusted } from './trusted-proxies.ts';

/** What an element of `Forwarded` says of a request's way. */
interface Element {
  for?: string;
  proto?: string;
}

/** A pair, or none, and what ends it (RFC 7239 section 4). */
const PART = new RegExp(
  `[ \\t]*(?:(${TOKEN_PATTERN})=("(?:[^"\\\\]|\\\\.)*"|[^\\s;,"]+)[ \\t]*)?([;,]|$)`,
  'y',
);

/**
 * Walks what proxies have written into `Forwarded`, from the nearest to the farthest, to the first that is not trusted: that is the client.
 * @returns its address, and the scheme that it used where that was said; `undefined` where it names nobody in a form that can be read
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

/** None where any of it is malformed: a quote that a client left open would hide what proxies have added. */
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
