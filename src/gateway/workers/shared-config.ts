import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { GatewayConfig } from '../config/schema.ts';
import type { ListeningAddress } from '../contracts.ts';

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

/** What one worker runs: operators come in at the primary. */
export function workerConfig(config: SharedConfig): SharedConfig {
  return { ...config, admin: undefined, workers: 1 };
}

/** The same, with the ports that listeners have got in the place of those that were left open. */
export function withPorts(config: SharedConfig, addresses: readonly ListeningAddress[]): SharedConfig {
  const listeners = config.listeners.map((listener, i) => {
    return { ...listener, port: listener.port === 0 ? (addresses[i]?.port ?? 0) : listener.port };
  });
  return { ...config, listeners };
}
