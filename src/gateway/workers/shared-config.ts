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
