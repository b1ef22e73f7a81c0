// What is wrong with the secrets and PEM files of a configuration that is wrong otherwise, too.
import { tls as listenerTls } from './listener-schema.ts';
import { type PoolConfig, tls as poolTls } from './pool-schema.ts';
import { type ResolveOptions, Resolver, UnresolvedConfigError } from './resolve-config.ts';
import type { GatewayConfig, ListenerConfig } from './schema.ts';
import { sessions as sessionsSchema } from './session-schema.ts';
import { shownPath } from './shown-value.ts';
import { secret as secretSchema } from './values.ts';

/** What is wrong with the secrets and PEM files of a configuration that may be wrong itself. */
export function sourceProblems(input: unknown, options: ResolveOptions): UnresolvedConfigError {
  const resolver = new Resolver(options);
  const { listeners, pools, admin } = plainObject(input);
  for (const [i, listener] of (Array.isArray(listeners) ? listeners : []).entries()) {
    const { data: tls } = listenerTls.safeParse(plainObject(listener).tls);
    if (tls !== undefined) resolver.listener({ tls } as ListenerConfig, `listeners[${i}]`);
  }
  for (const [name, pool] of Object.entries(plainObject(pools))) {
    const parts = plainObject(pool);
    const { data: sessions } = sessionsSchema.safeParse(parts.sessions);
    const { data: tls } = poolTls.safeParse(parts.tls);
    resolver.pool({ sessions, tls } as PoolConfig, shownPath(['pools', name]));
  }
  const { data: token } = secretSchema.safeParse(plainObject(admin).token);
  if (token !== undefined) resolver.admin({ token } as NonNullable<GatewayConfig['admin']>);
  return new UnresolvedConfigError(resolver.sources.problems, [...resolver.sources.files]);
}

function plainObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
