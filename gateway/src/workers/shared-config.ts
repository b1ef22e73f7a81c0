import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { GatewayConfig } from '../config/schema.ts';

/** A configuration that needs no file and no variable any more, so that whoever begins with it has the same as all others. */
export interface SharedConfig extends Omit<GatewayConfig, 'admin'> {
  admin?: ResolvedConfig['admin'];
}

/** What was resolved, in the form in which a configuration is written. */
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

/** A configuration with ports in the place of those that were left open, in the order of the listeners. */
export function withPorts(config: SharedConfig, ports: readonly number[]): SharedConfig {
  const listeners = config.listeners.map((listener, i) => {
    return { ...listener, port: listener.port === 0 ? (ports[i] ?? 0) : listener.port };
  });
  return { ...config, listeners };
}
