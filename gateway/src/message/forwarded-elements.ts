// Reads `Forwarded` (RFC 7239).
import { TOKEN_PATTERN } from 'evenkeel/internal';
import { addressOf, isTrusted, type TrustedProxies } from './trusted-proxies.ts';

/** The parameters of one element of `Forwarded` that are used here. */
interface Element {
  for?: string;
  proto?: string;
  host?: string;
}

/** A client as proxies tell it. */
interface ToldClient {
  readonly address: string;
  readonly scheme: string | undefined;
  readonly host: string | undefined;
}

/** An optional pair and the separator after it (RFC 7239 section 4). */
const PART = new RegExp(
  `[ \\t]*(?:(${TOKEN_PATTERN})=("(?:[^"\\\\]|\\\\.)*"|[^\\s;,"]+)[ \\t]*)?([;,]|$)`,
  'y',
);

/**
 * Finds the client in `Forwarded`: the hop nearest to the gateway that is not a trusted proxy.
 * @returns its address, and its scheme and host if those are given; `undefined` if there is no address that
 * can be read
 */
export function clientIn(forwarded: string, proxies: TrustedProxies): ToldClient | undefined {
  let client: ToldClient | undefined;
  for (const { for: node = '', proto, host } of elementsOf(forwarded).reverse()) {
    const address = addressOf(node);
    if (address === undefined) return client;
    client = { address, scheme: proto, host };
    if (!isTrusted(address, proxies)) return client;
  }
  return client;
}

/** The hops that `Forwarded` names, in the form of `X-Forwarded-For`; empty if it cannot be read. */
export function hopsIn(forwarded: string): string[] {
  const elements = elementsOf(forwarded).filter((element) => Object.keys(element).length > 0);
  return elements.map(({ for: node = '' }) => addressOf(node) ?? 'unknown');
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
    if (parameter === 'for' || parameter === 'proto' || parameter === 'host')
      element[parameter] = unquoted(value);
    if (end === '') return elements;
    if (end === ',') elements.push((element = {}));
  }
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}
