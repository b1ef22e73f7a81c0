// Rewrites in a response what names the backend's paths and host, so that it leads the client to its own.
import { isIP } from 'node:net';
import type { PathRewrite } from './path-rewrite.ts';

/** Where a client has asked. */
export interface AskedAddress {
  readonly scheme: string;
  /** Host and port. */
  readonly authority: string;
}

/** The two addresses of one exchange. */
interface ExchangeAddresses extends AskedAddress {
  /** The backend's base URL. */
  readonly backendUrl: string;
}

/** Changes `Location`, `Content-Location` and `Set-Cookie` of responses of a route that rewrites paths. */
export class ResponseRewrite {
  readonly #paths: PathRewrite;
  /** The `Host` that the route gives to backends. */
  readonly #host: string | undefined;

  constructor(paths: PathRewrite, host: string | undefined) {
    this.#paths = paths;
    this.#host = host?.toLowerCase();
  }

  /**
   * @param headers - names and values by turns; changed in place
   * @param backendUrl - the backend's base URL
   */
  apply(headers: string[], { scheme, authority }: AskedAddress, backendUrl: string): void {
    const addresses = { scheme, authority, backendUrl };
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

  /** A relative path leads to the right place by itself. */
  #location(value: string, addresses: ExchangeAddresses): string {
    const [, scheme, authority = '', path = '', rest = ''] = LOCATION.exec(value) ?? [];
    if (authority === '') return path === '' ? value : this.#path(path, addresses) + rest;
    const isOurs = this.#isBackend(authority.toLowerCase(), addresses);
    if (!isOurs && authority.toLowerCase() !== addresses.authority.toLowerCase()) return value;
    const origin = isOurs ? `${addresses.scheme}://${addresses.authority}` : `${scheme ?? ''}//${authority}`;
    return origin + this.#path(path === '' ? '/' : path, addresses) + rest;
  }

  #path(path: string, { backendUrl }: ExchangeAddresses): string {
    const base = new URL(backendUrl).pathname.replace(/\/$/, '');
    const isInside = base !== '' && (path === base || path.startsWith(`${base}/`));
    const own = isInside ? path.slice(base.length) || '/' : path;
    return this.#paths.back(own) ?? path;
  }

  #cookie(value: string, addresses: ExchangeAddresses): string {
    const [pair = '', ...attributes] = value.split(';');
    // RFC 6265bis section 4.1.3.2: cookies with this prefix are for the path `/` and no domain.
    if (/^\s*__host-/i.test(pair)) return value;
    const changed = attributes.flatMap((attribute): string[] => {
      const [, before = '', name = '', text = ''] = ATTRIBUTE.exec(attribute) ?? [];
      if (name.toLowerCase() === 'path' && text.startsWith('/'))
        return [`${before}${name}=${withoutSlash(this.#path(text, addresses))}`];
      if (name.toLowerCase() !== 'domain') return [attribute];
      const domain = this.#domain(text, addresses);
      return domain === undefined ? [] : [`${before}${name}=${domain}`];
    });
    return [pair, ...changed].join(';');
  }

  /** @returns `undefined` for none: the cookie is then for the client's host alone */
  #domain(domain: string, addresses: ExchangeAddresses): string | undefined {
    const plain = domain.replace(/^\./, '').toLowerCase();
    const host = hostOf(addresses.authority);
    const isBackends = [this.#host, new URL(addresses.backendUrl).host].some(
      (name) => name !== undefined && isWithin(hostOf(name), plain),
    );
    if (!isBackends || isWithin(host, plain)) return domain;
    return isIP(host) !== 0 || host.startsWith('[') || !host.includes('.') ? undefined : host;
  }

  #isBackend(authority: string, { backendUrl }: ExchangeAddresses): boolean {
    const { host, protocol } = new URL(backendUrl);
    const port = protocol === 'https:' ? ':443' : ':80';
    return authority === host || authority === `${host}${port}` || authority === this.#host;
  }
}

/** Scheme and authority, path, and the rest. */
const LOCATION = /^(?:(https?:)?\/\/([^/?#\\]*))?(\/[^?#]*)?(.*)$/is;
const ATTRIBUTE = /^(\s*)([^=\s]*)\s*=\s*"?([^"]*?)"?\s*$/;

/** A name without its port. */
function hostOf(authority: string): string {
  return authority.replace(/:\d*$/, '').toLowerCase();
}

/** RFC 6265 section 5.1.3. */
function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
