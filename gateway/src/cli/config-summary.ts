import { HEALTH_DEFAULTS } from 'evenkeel/internal';
import { needsNoPort } from '../config/handed-over.ts';
import type { PoolConfig } from '../config/pool-schema.ts';
import type { ListenerConfig, RouteConfig } from '../config/schema.ts';
import type { SharedConfig } from '../workers/shared-config.ts';
import type { UsableConfig } from './config-source.ts';
import { routeText } from './route-text.ts';
import { table } from './table.ts';

/** A summary of a configuration, as text without secrets. */
export function configSummary({ config, names }: UsableConfig): string {
  const { listeners, admin, pools, routes, workers } = config;
  const sections: [string, string[][]][] = [
    ['listeners', listeners.map((listener, i) => listenerRow(listener, names[i] ?? []))],
    ['admin', admin === undefined ? [] : [adminRow(admin)]],
    ['pools', Object.entries(pools).map(([name, pool]) => poolRow(name, pool))],
    ['routes', routesOf(routes, Object.keys(pools)).map(routeRow)],
    ['workers', [[`${workers}`]]],
  ];
  return sections
    .filter(([, rows]) => rows.length > 0)
    .map(([title, rows]) => `${title}\n${table(rows)}`)
    .join('');
}

function addressOf({ host, port }: { host?: string | undefined; port: number }): string {
  if (host === undefined) return `*:${port}`;
  if (needsNoPort(host)) return host;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function listenerRow(listener: ListenerConfig, names: readonly string[]): string[] {
  const { tls, h2c } = listener;
  const protocols = (tls === undefined ? h2c : tls.http2) ? 'HTTP/1.1, HTTP/2' : 'HTTP/1.1';
  const address = addressOf(listener);
  return [tls === undefined ? `http://${address}` : `https://${address}`, protocols, names.join(', ')];
}

function adminRow(admin: NonNullable<SharedConfig['admin']>): string[] {
  const token = admin.token === undefined ? 'no token' : 'token';
  return [`http://${addressOf(admin)}`, admin.dashboard ? `${token}, dashboard` : token];
}

/** Where backends come from beside the configuration itself: `dns`, `redis` and the like. */
export function sourceName({ dns, discovery }: Pick<PoolConfig, 'dns' | 'discovery'>): string | undefined {
  if (dns !== false && dns?.name !== undefined) return 'dns';
  return Object.keys(discovery ?? {}).find((key) => key !== 'remember');
}

function poolRow(name: string, pool: PoolConfig): string[] {
  const { backends, strategy, health, sessions } = pool;
  const source = sourceName(pool);
  const backups = backends.filter((entry) => typeof entry === 'object' && entry.backup).length;
  const own = `${backends.length} ${backends.length === 1 ? 'backend' : 'backends'}`;
  const from = source === undefined ? '' : `backends from ${source}`;
  const count = backends.length > 0 && from !== '' ? `${own}, ${from}` : from || own;
  const checks =
    health === false
      ? 'not checked'
      : `checked at ${typeof health === 'object' ? health.request.path : HEALTH_DEFAULTS.request.path}${health === 'auto' ? ' if it is there' : ''}`;
  const kind = sessions === undefined ? '' : `sessions by ${'cookie' in sessions ? 'cookie' : 'JWT'}`;
  return [
    name,
    strategyText(strategy),
    backups > 0 ? `${count}, ${backups} of them backup` : count,
    checks,
    kind,
  ];
}

function strategyText(strategy: PoolConfig['strategy']): string {
  if (typeof strategy === 'string') return strategy;
  const { name, ring } = strategy;
  return `${name}, ring ${typeof ring === 'string' ? ring : ring.name}`;
}

function routesOf(routes: readonly RouteConfig[] | undefined, pools: readonly string[]) {
  return routes ?? pools.map((pool): SummedRoute => ({ path: '/', pool }));
}

/** What of a route the summary has. */
type SummedRoute = Pick<RouteConfig, 'path'> & Partial<RouteConfig>;

function routeRow(route: SummedRoute): string[] {
  const { pool, redirect, rateLimit } = route;
  const limit = rateLimit === undefined ? '' : `${rateLimit.points} requests in ${rateLimit.durationMs} ms`;
  return [routeText(route), redirect === undefined ? (pool ?? '') : redirectText(redirect), limit];
}

function redirectText({ scheme, host, port, status }: NonNullable<RouteConfig['redirect']>): string {
  const parts = [scheme, host, port === undefined ? undefined : `port ${port}`];
  return `${status} to ${parts.filter((part) => part !== undefined).join(', ') || 'another path'}`;
}
