// How backends of a pool are reached: limits and TLS, for every client that connects to them.
import { isIP, type LookupFunction } from 'node:net';
import type { ResolvedPool } from '../config/resolved-config.ts';

/** The settings of a pool that decide how its backends are reached. */
export type ConnectionSettings = Pick<
  ResolvedPool,
  'timeouts' | 'connections' | 'requestsPerConnection' | 'tls'
> & {
  /** The IP address to connect to in place of the host of the URL, whose name stays in `Host` and TLS. */
  readonly address?: string | undefined;
};

/** Options that make a connection go to an address, whatever the name. */
export function lookupOf(address: string | undefined): { readonly lookup?: LookupFunction } {
  if (address === undefined) return {};
  const family = isIP(address);
  return {
    lookup: (_name, { all }, done) =>
      all === true ? done(null, [{ address, family }]) : done(null, address, family),
  };
}

/** The longest head of a response that is read, in bytes. */
export const MAX_HEAD_BYTES = 65_536;

/** Options of node:tls. */
export interface BackendTls {
  readonly rejectUnauthorized?: boolean;
  readonly ca?: string[];
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** How a pool's backends are verified, as node:tls takes it. */
export function tlsOptions(tls: ResolvedPool['tls']): BackendTls {
  if (tls === undefined) return {};
  const { ca, serverName, verify, cert, key } = tls;
  return {
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
