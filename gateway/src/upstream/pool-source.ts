// The source of a pool's backends, as its configuration names it.
import { createRequire } from 'node:module';
import type { Discovery, Registry } from 'evenkeel/discovery';
import { dns } from 'evenkeel/discovery/dns';
import { etcd } from 'evenkeel/discovery/etcd';
import { file } from 'evenkeel/discovery/file';
import { http } from 'evenkeel/discovery/http';
import { kubernetes } from 'evenkeel/discovery/kubernetes';
import { type RedisClient as RegistryClient, redis } from 'evenkeel/discovery/redis';
import type { ResolvedPool } from '../config/resolved-config.ts';
import { yaml } from '../lazy-packages.ts';

/** A source, and what it holds open. */
export interface PoolSource {
  readonly source: Discovery | Registry;
  close(): void;
}

/** @throws TypeError or RangeError that names the setting; Error if a client is not installed */
export function sourceOf(pool: string, { dns: names, discovery }: ResolvedPool): PoolSource | undefined {
  if (names !== false && names?.name !== undefined && names.type === 'srv') {
    const { name, protocol, server } = names;
    const source = dns({ name, type: 'srv', protocol, keepName: true, ...(server && { server }) });
    return { source, close() {} };
  }
  if (discovery === undefined) return undefined;
  if ('redis' in discovery) {
    const { url, pool: named = pool, prefix } = discovery.redis;
    return redisSource(url, { pool: named, prefix });
  }
  return { source: plainSource(pool, discovery), close() {} };
}

function plainSource(
  pool: string,
  discovery: Exclude<NonNullable<ResolvedPool['discovery']>, { redis: unknown }>,
): Discovery {
  if ('file' in discovery) return file({ path: discovery.file, parse: (text) => yaml().parse(text) });
  if ('http' in discovery) return http(withoutUndefined(discovery.http));
  if ('etcd' in discovery) return etcd({ pool, ...withoutUndefined(discovery.etcd) });
  return kubernetes(withoutUndefined(discovery.kubernetes));
}

/** @param url - `redis://` or `rediss://` */
export function redisSource(
  url: string,
  { pool, prefix }: { readonly pool: string; readonly prefix: string | undefined },
): { readonly source: Registry; close(): void } {
  const client = redisClient(url);
  const source = redis({ client, pool, ...(prefix !== undefined && { prefix }) });
  return { source, close: () => client.disconnect() };
}

interface RedisClient extends RegistryClient {
  readonly status: string;
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void;
  on(event: 'error', listener: () => void): void;
  disconnect(): void;
}

/**
 * Loaded only where it is wanted, as it is an optional peer.
 * @throws Error if it is not installed
 */
export function redisClient(url: string, options: object = {}): RedisClient {
  let library: { Redis: new (url: string, options: object) => RedisClient };
  try {
    library = createRequire(import.meta.url)('ioredis');
  } catch (error) {
    throw new Error('redis needs ioredis: npm install ioredis', { cause: error });
  }
  const retryStrategy = (times: number) => Math.min(50 * 2 ** times, 2_000) * (0.5 + Math.random() / 2);
  const client = new library.Redis(url, { retryStrategy, maxRetriesPerRequest: null, ...options });
  // Trouble is told by the source, which sees that commands fail.
  client.on('error', () => {});
  return client;
}

function withoutUndefined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
