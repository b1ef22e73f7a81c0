// The configuration that plain options make, without the schema: that would take longer to load, and more
// memory, than all else.
import { isIPv4 } from 'node:net';
import { DEFAULT_CONFIG } from '../config/default-config.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { defined } from '../upstream/pool-options.ts';
import { configOf, type ServeOptions, withOverrides } from './serve-options.ts';

/** A backend of which nothing has to be said, checked or changed. */
const PLAIN_BACKEND = /^(?:http:\/\/(?=\w))?([\w.-]*):([1-9]\d{2,4})$/;
const HOST_NAME = /^[a-z](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z](?:[a-z0-9-]*[a-z0-9])?)*$/;

/**
 * What the schema makes of options, without the schema.
 * @returns `undefined` where that has to look at them
 */
export function plainConfig(options: ServeOptions): GatewayConfig | undefined {
  const { host, health, tlsCert, tlsKey, adminPort } = options;
  if (typeof health === 'string' || [tlsCert, tlsKey, adminPort].some((option) => option !== undefined))
    return undefined;
  if (host !== undefined && !isIPv4(host)) return undefined;
  const { listeners, pools } = configOf(options);
  const backends = pools.default?.backends.map(plainBackend) ?? [];
  if (backends.length === 0 || backends.includes(undefined) || new Set(backends).size < backends.length)
    return undefined;
  const { default: pool } = DEFAULT_CONFIG.pools;
  const config = structuredClone({
    ...DEFAULT_CONFIG,
    listeners: [{ ...DEFAULT_CONFIG.listeners[0], ...defined({ host, port: listeners[0]?.port }) }],
    pools: { default: { ...pool, ...defined({ backends, strategy: options.strategy, health }) } },
  });
  return withOverrides(config as GatewayConfig, options);
}

function plainBackend(text: unknown): string | undefined {
  const [, name, port] = PLAIN_BACKEND.exec(String(text)) ?? [];
  const host = name || 'localhost';
  return (HOST_NAME.test(host) || isIPv4(host)) && Number(port) <= 65_535
    ? `http://${host}:${port}`
    : undefined;
}
