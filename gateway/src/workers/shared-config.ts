// The configuration that all workers start with.
import { type ResolveOptions, resolveConfig } from '../config/resolve-config.ts';
import type { ResolvedInput } from '../config/resolve-input.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { GatewayConfig, GatewayConfigInput } from '../config/schema.ts';

/**
 * A configuration without references to files and variables: every worker that starts with it has the same.
 */
export interface SharedConfig extends Omit<GatewayConfig, 'admin'> {
  admin?: ResolvedConfig['admin'];
}

/** Reads a shared configuration, which was checked before. */
export function resolveShared(input: GatewayConfigInput, options: ResolveOptions): ResolvedInput {
  const written = input as GatewayConfig;
  return { ...resolveConfig(written, options), written };
}

/** A resolved configuration in the form of a written one. */
export function sharedConfig({ listeners, ...config }: ResolvedConfig): SharedConfig {
  return {
    ...config,
    listeners: listeners.map(({ tls, ...listener }) => {
      if (tls === undefined) return listener;
      const certificates = tls.certificates.map(({ cert, key }) => ({ cert, key }));
      return { ...listener, tls: { ...tls, certificates } };
    }),
  };
}

/**
 * A configuration with a port for each listener that left it open.
 * @param ports - in the order of the listeners
 */
export function withPorts(config: SharedConfig, ports: readonly number[]): SharedConfig {
  const listeners = config.listeners.map((listener, i) => {
    return { ...listener, port: listener.port === 0 ? (ports[i] ?? 0) : listener.port };
  });
  return { ...config, listeners };
}

/** A configuration for one of several workers: each gets its part of what backends can work on at once. */
export function dividedAmong(workers: number, config: SharedConfig): SharedConfig {
  const partOf = (concurrency: number) => Math.max(1, Math.floor(concurrency / workers));
  const pools = Object.entries(config.pools).map(([name, pool]) => {
    const backends = pool.backends.map((backend) =>
      typeof backend === 'string' || backend.concurrency === undefined
        ? backend
        : { ...backend, concurrency: partOf(backend.concurrency) },
    );
    const bounds = pool.bounds && {
      ...pool.bounds,
      concurrency: partOf(pool.bounds.concurrency),
      sharedBy: pool.bounds.sharedBy * workers,
    };
    return [name, { ...pool, bounds, backends }] as const;
  });
  return { ...config, pools: Object.fromEntries(pools) };
}
