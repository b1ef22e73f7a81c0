// The types of a configuration whose secrets and PEM files were read.
import type { StrategyName } from 'evenkeel';
import type { CheckedCertificate } from './certificates.ts';
import type { PoolConfig, PoolTlsConfig } from './pool-schema.ts';
import type { GatewayConfig, ListenerConfig } from './schema.ts';
import type { CookieConfig, JwtConfig } from './session-schema.ts';

type ListenerTls = NonNullable<ListenerConfig['tls']>;

/** A listener with its certificates, read and checked. */
export interface ResolvedListener extends Omit<ListenerConfig, 'tls'> {
  tls?: (Omit<ListenerTls, 'certificates'> & { certificates: CheckedCertificate[] }) | undefined;
}

/** Sessions with their secrets as text; a JWK or JWKS from a file is an object. */
export type ResolvedSessions =
  | { cookie: Omit<CookieConfig, 'secrets'> & { secrets: string[] } }
  | { jwt: Omit<JwtConfig, 'key'> & { key: string | Record<string, unknown> } };

/** A pool with PEM text instead of paths, and its key decrypted. */
export interface ResolvedPool extends Omit<PoolConfig, 'strategy' | 'sessions' | 'tls'> {
  strategy: StrategyName | Exclude<PoolConfig['strategy'], string>;
  sessions?: ResolvedSessions | undefined;
  tls?: (Omit<PoolTlsConfig, 'ca' | 'passphrase'> & { ca?: string[] | undefined }) | undefined;
}

/** A {@link GatewayConfig} in which every secret is a string, and every PEM file its text. */
export interface ResolvedConfig extends Omit<GatewayConfig, 'listeners' | 'pools' | 'admin'> {
  listeners: ResolvedListener[];
  pools: Record<string, ResolvedPool>;
  admin?: (Omit<NonNullable<GatewayConfig['admin']>, 'token'> & { token?: string | undefined }) | undefined;
}
