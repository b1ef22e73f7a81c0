// Where the command `register` registers a server: a registry, or the admin listener of a gateway.
import { randomUUID } from 'node:crypto';
import type { DiscoveredBackend, Registration } from 'evenkeel/discovery';
import { etcd } from 'evenkeel/discovery/etcd';
import { type BackendRecord, keepRegistered, type RegistryRecords, readEntry } from 'evenkeel/internal';
import { redisSource } from '../upstream/pool-source.ts';
import { callAdmin } from './ask-admin.ts';
import { UsageError } from './exit-code.ts';
import type { Io } from './io.ts';

/** What is registered, and where. */
export interface RegisterOptions {
  readonly url: string;
  readonly id?: string;
  readonly weight?: number;
  readonly zone?: string;
  readonly pool?: string;
  /** In seconds. */
  readonly ttl?: number;
  readonly redis?: string;
  readonly etcd?: string;
  /** The URL of a gateway's admin listener. */
  readonly gateway?: string;
  readonly prefix?: string;
}

/** A place where a server can register. */
export interface Place {
  register(report: (line: string) => void): Registration;
  /** Ends connections. */
  close(): void;
}

/** @throws UsageError if an option is wrong; Error if a client is not installed */
export function readPlace(options: RegisterOptions, env: Io['env']): Place {
  const { redis, etcd: etcdUrl, gateway, pool = 'default', ttl = 15, prefix } = options;
  const given = [redis, etcdUrl, gateway].filter((place) => place !== undefined);
  if (given.length !== 1)
    throw new UsageError(
      `register needs one of --redis, --etcd and --gateway${given.length > 1 ? `, got ${given.length}` : ''}`,
    );
  const self = readSelf(options);
  const settings = (report: (line: string) => void) => ({ ttlMs: ttl * 1_000, report });
  if (redis !== undefined) {
    checkUrl('--redis', redis, ['redis', 'rediss'], 'a redis or rediss');
    const { source, close } = redisSource(redis, { pool, prefix });
    return { register: (report) => source.register(self, settings(report)), close };
  }
  if (etcdUrl !== undefined) {
    for (const one of etcdUrl.split(',')) checkUrl('--etcd', one, ['http', 'https'], 'an http or https');
    const registry = etcd({ url: etcdUrl, pool, ...(prefix !== undefined && { prefix }) });
    return { register: (report) => registry.register(self, settings(report)), close() {} };
  }
  const admin = gateway as string;
  checkUrl('--gateway', admin, ['http', 'https'], 'an http or https');
  const records = adminRecords(admin, options.pool, env.EVENKEEL_ADMIN_TOKEN);
  const owner = { owner: randomUUID(), since: Date.now() };
  return { register: (report) => keepRegistered(records, self, settings(report), owner), close() {} };
}

/** @throws UsageError */
function readSelf({ url, id, weight, zone }: RegisterOptions): DiscoveredBackend {
  const self = {
    url,
    ...(id !== undefined && { id }),
    ...(weight !== undefined && { weight }),
    ...(zone !== undefined && { zone }),
  };
  try {
    readEntry(self, '--');
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/^--\./, '--'));
  }
  if (!/^https?:\/\//i.test(url))
    throw new UsageError(`--url must be an http or https URL, got ${JSON.stringify(url)}`);
  return self;
}

/** @throws UsageError */
function checkUrl(option: string, text: string, protocols: readonly string[], words: string): void {
  const isOne = protocols.some((protocol) => text.startsWith(`${protocol}://`)) && URL.canParse(text);
  if (!isOne) throw new UsageError(`${option} must be ${words} URL, got ${JSON.stringify(text)}`);
}

/** The registrations of one gateway, by its admin listener. */
function adminRecords(base: string, pool: string | undefined, token: string | undefined): RegistryRecords {
  const call = async (method: 'PUT' | 'DELETE', { backend }: BackendRecord, query: string) => {
    const { id, ...rest } = backend;
    const url = new URL(`${base.replace(/\/+$/, '')}/backends/${encodeURIComponent(id)}${query}`);
    const response = await callAdmin(url, {
      origin: base,
      ...(token && { token }),
      init: {
        method,
        headers: { 'content-type': 'application/json', 'x-evenkeel-admin': '1' },
        ...(method === 'PUT' && { body: JSON.stringify({ ...rest, ...(pool && { pool }) }) }),
      },
    });
    await response.body?.cancel();
  };
  return {
    put: (record, ttlMs) => call('PUT', record, `?ttl=${Math.max(1, Math.ceil(ttlMs / 1_000))}`),
    drop: (record) => call('DELETE', record, pool === undefined ? '' : `?pool=${encodeURIComponent(pool)}`),
  };
}
