// Host names and IP addresses in configurations and requests.
import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Letters, digits, hyphens inside, and underscores, which some networks use. */
const LABEL = /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/;
const MAX_NAME_CHARACTERS = 253;
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * The canonical form of a host in a request: lower case, punycode, an IPv6 address in brackets, no dot at the
 * end.
 * @returns `undefined` if the text is not a host
 */
export function canonicalHost(text: string): string | undefined {
  const address = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
  const family = isIP(address);
  if (family === 4 && address === text) return text;
  if (family === 6 && !address.includes('%')) return new URL(`http://[${address}]`).hostname;
  // Characters that the URL parser would read as the end of the host, or as another spelling of it.
  if (/[\s/\\?#@%:[\]]/.test(text)) return undefined;
  const name = domainToASCII(text).replace(/\.$/, '');
  return isName(name) ? name : undefined;
}

/** The canonical form of a route's host, where `*.` stands for every name below. */
export function canonicalPattern(text: string): string | undefined {
  if (!text.startsWith('*.')) return canonicalHost(text);
  const parent = canonicalHost(text.slice(2));
  return parent !== undefined && isName(parent) ? `*.${parent}` : undefined;
}

/** Whether a text is an IP address, with or without a zone, or a host name. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || isHostName(text);
}

/** Whether a text is a host name and not an IP address. */
export function isHostName(text: string): boolean {
  const host = canonicalHost(text);
  return host !== undefined && isName(host);
}

/** Whether a text is an IP address or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32);
}

/** Whether only this machine can reach a listener on this host. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? /^localhost\.?$/i.test(host) : LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function isName(name: string): boolean {
  return (
    name.length <= MAX_NAME_CHARACTERS &&
    isIP(name) === 0 &&
    name.split('.').every((label) => LABEL.test(label))
  );
}
