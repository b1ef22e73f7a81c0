// How backends of a pool are reached: limits and TLS, for every client that connects to them.
import type { ResolvedPool } from '../config/resolved-config.ts';

/** The settings of a pool that decide how its backends are reached. */
export type ConnectionSettings = Pick<ResolvedPool, 'timeouts' | 'connections' | 'tls'>;

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
