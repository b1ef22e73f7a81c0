import type { CheckedCertificate } from './certificates.ts';
import type { PoolConfig, PoolTlsConfig } from './pool-schema.ts';
import type { GatewayConfig, ListenerConfig } from './schema.ts';
import type { CookieConfig, JwtConfig } from './session-schema.ts';

type ListenerTls = NonNullable<ListenerConfig['tls']>;

/** A listener whose certificates were read and checked. */
export interface ResolvedListener extends Omit<ListenerConfig, 'tls'> {
  tls?: (Omit<ListenerTls, 'certificates'> & { certificates: CheckedCertificate[] }) | undefined;
}

/** Sessions whose secrets were read; a JWK or JWKS that came from a file is an object. */
export type ResolvedSessions =
  | { cookie: Omit<CookieConfig, 'secrets'> & { secrets: string[] } }
  | { jwt: Omit<JwtConfig, 'key'> & { key: string | Record<string, unknown> } };

/** A pool with PEM text in the place of paths; its key is no longer encrypted. */
export interface ResolvedPool extends Omit<PoolConfig, 'sessions' | 'tls'> {
  sessions?: ResolvedSessions | undefined;
  tls?: (Omit<PoolTlsConfig, 'ca' | 'passphrase'> & { ca?: string[] | undefined }) | undefined;
}

/** A {@link GatewayConfig} of the same shape in which every secret is a string, and PEM text stands in the place of paths. */
export interface ResolvedConfig extends Omit<GatewayConfig, 'listeners' | 'pools' | 'admin'> {
  listeners: ResolvedListener[];
  pools: Record<string, ResolvedPool>;
  admin?: (Omit<NonNullable<GatewayConfig['admin']>, 'token'> & { token?: string | undefined }) | undefined;
}
