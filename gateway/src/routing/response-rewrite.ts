// Rewrites in a response what names the backend's paths and host, so that it leads the client to its own.
import { isIP } from 'node:net';
import type { PathRewrite } from './path-rewrite.ts';

/** Where a client has asked. */
export interface AskedAddress {
  readonly scheme: string;
  /** Host and port. */
  readonly authority: string;
}

/** Where a backend is, as it may name itself. */
interface BackendAddress {
  /** Host, and port if it is not the scheme's own. */
  readonly authority: string;
  /** The same with the port. */
  readonly whole: string;
  /** The path before each request's own, without a slash at the end. */
  readonly base: string;
}

/** The two addresses of one exchange. */
interface ExchangeAddresses extends AskedAddress {
  readonly backend: BackendAddress;
}

/** Taking a URL apart takes as long as all the rest. */
const MAX_ADDRESSES = 1_000;

/** Changes `Location`, `Content-Location` and `Set-Cookie` of responses of a route that rewrites paths. */
export class ResponseRewrite {
  readonly #paths: PathRewrite;
  /** The `Host` that the route gives to backends. */
  readonly #host: string | undefined;
  readonly #addresses = new Map<string, BackendAddress>();

  constructor(paths: PathRewrite, host: string | undefined) {
    this.#paths = paths;
    this.#host = host?.toLowerCase();
  }

  /**
   * @param headers - names and values by turns; changed in place
   * @param backendUrl - the backend's base URL
   */
  apply(headers: string[], { scheme, authority }: AskedAddress, backendUrl: string): void {
    const addresses = { scheme, authority, backend: this.#addressOf(backendUrl) };
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index] as string;
      if (name.length !== 8 && name.length !== 10 && name.length !== 16) continue;
      const lower = name.toLowerCase();
      const value = headers[index + 1] as string;
      if (lower === 'location' || lower === 'content-location')
        headers[index + 1] = this.#location(value, addresses);
      else if (lower === 'set-cookie') headers[index + 1] = this.#cookie(value, addresses);
    }
  }

  #addressOf(url: string): BackendAddress {
    const known = this.#addresses.get(url);
    if (known !== undefined) return known;
    // Backends come and go.
    if (this.#addresses.size >= MAX_ADDRESSES) this.#addresses.clear();
    const { host, port, protocol, pathname } = new URL(url);
    const whole = port !== '' ? host : `${host}${protocol === 'https:' ? ':443' : ':80'}`;
    const address = { authority: host, whole, base: withoutSlash(pathname, 0) };
    this.#addresses.set(url, address);
    return address;
  }

  /** A relative path leads to the right place by itself. */
  #location(value: string, addresses: ExchangeAddresses): string {
    const [, scheme, authority = '', path = '', rest = ''] = LOCATION.exec(value) ?? [];
    if (authority === '') return path === '' ? value : this.#path(path, addresses) + rest;
    const isOurs = this.#isBackend(authority.toLowerCase(), addresses);
    if (!isOurs && authority.toLowerCase() !== addresses.authority.toLowerCase()) return value;
    const origin = isOurs ? `${addresses.scheme}://${addresses.authority}` : `${scheme ?? ''}//${authority}`;
    return origin + this.#path(path === '' ? '/' : path, addresses) + rest;
  }

  #path(path: string, { backend: { base } }: ExchangeAddresses): string {
    const isInside = base !== '' && (path === base || path.startsWith(`${base}/`));
    const own = isInside ? path.slice(base.length) || '/' : path;
    return this.#paths.back(own) ?? path;
  }

  #cookie(value: string, addresses: ExchangeAddresses): string {
    // RFC 6265bis section 4.1.3.2: cookies with this prefix are for the path `/` and no domain.
    if (!PLACED.test(value) || /^\s*__host-/i.test(value)) return value;
    let end = value.indexOf(';');
    let changed = value.slice(0, end);
    while (end >= 0) {
      const from = end;
      end = value.indexOf(';', from + 1);
      changed += this.#attribute(end < 0 ? value.slice(from) : value.slice(from, end), addresses);
    }
    return changed;
  }

  /** @param attribute - with its semicolon */
  #attribute(attribute: string, addresses: ExchangeAddresses): string {
    const [, before, name, text = ''] = PLACE.exec(attribute) ?? [];
    if (name === undefined) return attribute;
    if (name.length === 4)
      return text.startsWith('/')
        ? `${before}${name}=${withoutSlash(this.#path(text, addresses))}`
        : attribute;
    const domain = this.#domain(text, addresses);
    return domain === undefined ? '' : `${before}${name}=${domain}`;
  }

  /** @returns `undefined` for none: the cookie is then for the client's host alone */
  #domain(domain: string, addresses: ExchangeAddresses): string | undefined {
    const plain = domain.replace(/^\./, '').toLowerCase();
    const host = hostOf(addresses.authority);
    const isBackends = [this.#host, addresses.backend.authority].some(
      (name) => name !== undefined && isWithin(hostOf(name), plain),
    );
    if (!isBackends || isWithin(host, plain)) return domain;
    return isIP(host) !== 0 || host.startsWith('[') || !host.includes('.') ? undefined : host;
  }

  #isBackend(authority: string, { backend }: ExchangeAddresses): boolean {
    return authority === backend.authority || authority === backend.whole || authority === this.#host;
  }
}

/** Scheme and authority, path, and the rest. */
const LOCATION = /^(?:(https?:)?\/\/([^/?#\\]*))?(\/[^?#]*)?(.*)$/is;
/** A cookie with an attribute that says where it goes. */
const PLACED = /;\s*(?:path|domain)\s*=/i;
const PLACE = /^(;\s*)(path|domain)\s*=\s*"?([^"]*?)"?\s*$/i;

/** A name without its port. */
function hostOf(authority: string): string {
  return authority.replace(/:\d*$/, '').toLowerCase();
}

/** RFC 6265 section 5.1.3. */
function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/** @param shortest - the length that is left */
function withoutSlash(path: string, shortest = 1): string {
  return path.length > shortest && path.endsWith('/') ? path.slice(0, -1) : path;
}
