// Takes the base URL of a backend apart, as those who connect need it.

/** Where a backend is. */
export interface BaseUrl {
  /** Scheme, host and port. */
  readonly origin: string;
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** The path before each request's own, without a slash at the end. */
  readonly path: string;
}

/** @throws TypeError if it is no URL */
export function readBaseUrl(url: string): BaseUrl {
  const { origin, protocol, hostname, port, pathname } = new URL(url);
  const isSecure = protocol === 'https:';
  return {
    origin,
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: Number(port || (isSecure ? 443 : 80)),
    isSecure,
    path: pathname.endsWith('/') ? pathname.slice(0, -1) : pathname,
  };
}
