import { readConfig } from '../src/config/read-config.ts';
import { resolveConfig } from '../src/config/resolve-config.ts';
import type { ResolvedConfig, ResolvedPool } from '../src/config/resolved-config.ts';
import type { GatewayConfigInput } from '../src/config/schema.ts';

type PoolInput = GatewayConfigInput['pools'][string];

/** A whole configuration with every default, without health checks unless they are asked for. */
export function resolved({
  pools,
  ...rest
}: Partial<Omit<GatewayConfigInput, 'pools'>> & { pools: Record<string, PoolInput> }): ResolvedConfig {
  const unchecked = Object.entries(pools).map(([name, pool]) => [name, { health: false, ...pool }]);
  const input = { listeners: [{ port: 0 }], pools: Object.fromEntries(unchecked), ...rest };
  return resolveConfig(readConfig(input), { baseDir: '/' }).config;
}

/** The same for one pool. */
export function resolvedPool(pool: PoolInput): ResolvedPool {
  return resolved({ pools: { pool } }).pools.pool as ResolvedPool;
}
