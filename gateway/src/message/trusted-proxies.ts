// Trusted proxies, and the client behind them.
import { BlockList, isIP } from 'node:net';

/** The peer of a unix socket, as nginx writes it: it has no address. */
export const UNIX_PEER = 'unix:';

/** Proxies that are trusted. */
export class TrustedProxies extends BlockList {
  /** Whether every peer of a unix socket is one. */
  hasUnix = false;
}

const NO_PROXIES = new TrustedProxies();

/**
 * The list of proxies that are trusted.
 * @param networks - addresses, networks in CIDR notation, or `unix`
 * @throws TypeError if one is neither
 */
export function trustedProxies(networks: readonly string[]): TrustedProxies {
  if (networks.length === 0) return NO_PROXIES;
  const list = new TrustedProxies();
  for (const network of networks) {
    if (network === 'unix' || network === UNIX_PEER) {
      list.hasUnix = true;
      continue;
    }
    const [address = '', prefix, ...rest] = network.split('/');
    const family = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const isWrong = bits !== undefined && !(/^\d+$/.test(prefix ?? '') && bits <= (family === 6 ? 128 : 32));
    if (family === 0 || isWrong || rest.length > 0) {
      throw new TypeError(`${JSON.stringify(network)} is neither an IP address nor a network`);
    }
    const type = family === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, type);
    else list.addSubnet(address, bits, type);
  }
  return list;
}

/** Whether an address, or {@link UNIX_PEER}, belongs to a trusted proxy. */
export function isTrusted(address: string, proxies: TrustedProxies): boolean {
  // An empty list is as slow as a full one.
  if (proxies === NO_PROXIES) return false;
  if (address === UNIX_PEER) return proxies.hasUnix;
  const family = isIP(address);
  return family !== 0 && proxies.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** An address, with an IPv4-mapped IPv6 address as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/**
 * Finds the client in `X-Forwarded-For`: the hop nearest to the gateway that is not a trusted proxy.
 * @param chain - the values of the header as received, one or more addresses in each
 * @returns `undefined` if there is no address that can be read
 */
export function clientOf(chain: readonly string[], proxies: TrustedProxies): string | undefined {
  let client: string | undefined;
  for (let index = chain.length - 1; index >= 0; index--) {
    const hops = (chain[index] as string).split(',');
    for (let hop = hops.length - 1; hop >= 0; hop--) {
      const text = (hops[hop] as string).trim();
      if (text === UNIX_PEER && proxies.hasUnix) continue;
      const address = addressOf(text);
      if (address === undefined) return client;
      client = address;
      if (!isTrusted(address, proxies)) return client;
    }
  }
  return client;
}

/**
 * The address of a hop; `undefined` if it is not valid. Some proxies add the port: `192.0.2.1:4711`,
 * `[2001:db8::1]:4711`.
 */
export function addressOf(hop: string): string | undefined {
  const bracketed = /^\[([\da-f:.]{2,45})\](?::\d{1,5})?$/i.exec(hop)?.[1];
  const withPort = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(hop)?.[1];
  const address = plainAddress(bracketed ?? withPort ?? hop);
  return isIP(address) === 0 ? undefined : address;
}
