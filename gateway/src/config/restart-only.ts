import { isDeepStrictEqual } from 'node:util';
import type { GatewayConfig, ListenerConfig } from './schema.ts';

type Settings = Pick<GatewayConfig, 'listeners' | 'admin' | 'log' | 'fleet' | 'rateLimits' | 'workers'>;

/**
 * The paths of changed settings that a running gateway cannot take over: sockets and their protocols, the
 * admin listener, the log, stores that gateways share, the number of processes. It can take over all others,
 * certificates too. The order of listeners does not count.
 */
export function restartOnlyChanges(old: Settings, next: Settings): string[] {
  return [
    ...listenerChanges(old.listeners, next.listeners),
    ...changesIn('admin', old.admin, next.admin),
    ...changesIn('log', old.log, next.log),
    ...changesIn('fleet', old.fleet, next.fleet),
    ...changesIn('rateLimits', old.rateLimits, next.rateLimits),
    ...(old.workers === next.workers ? [] : ['workers']),
  ];
}

function listenerChanges(old: readonly ListenerConfig[], next: readonly ListenerConfig[]): string[] {
  const left = [...old];
  const changes: string[] = [];
  for (const [i, listener] of next.entries()) {
    const at = left.findIndex(({ host, port }) => host === listener.host && port === listener.port);
    if (at < 0) return ['listeners'];
    const [before] = left.splice(at, 1) as [ListenerConfig];
    changes.push(...changesIn(`listeners[${i}]`, wireOf(before), wireOf(listener)));
  }
  return left.length > 0 ? ['listeners'] : changes;
}

/** Settings that are fixed when a socket is opened. */
function wireOf({ name, h2c, tls }: ListenerConfig): object {
  return { name, h2c, tls: tls !== undefined, 'tls.http2': tls?.http2 };
}

function changesIn(where: string, old: object | undefined, next: object | undefined): string[] {
  if (old === undefined || next === undefined) return old === next ? [] : [where];
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  const valueAt = (settings: object, name: string) => (settings as Record<string, unknown>)[name];
  const changed = names.filter((name) => !isDeepStrictEqual(valueAt(old, name), valueAt(next, name)));
  // Only whether there is TLS counts: its parts can change.
  return (changed.includes('tls') ? changed.filter((name) => !name.startsWith('tls.')) : changed).map(
    (name) => `${where}.${name}`,
  );
}
