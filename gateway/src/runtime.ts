// Builds pools and routes from a configuration.

import { isDeepStrictEqual } from 'node:util';
import type { RateLimiter, RateLimitOptions } from 'evenkeel';
import { Gate } from 'evenkeel/internal';
import { routedPath } from './config/normal-path.ts';
import type { ResolvedConfig } from './config/resolved-config.ts';
import type { RouteConfig } from './config/schema.ts';
import type { GatewayLog, RateLimiterFactory } from './contracts.ts';
import type { EventLog } from './observation/event-log.ts';
import { Conditions } from './routing/conditions.ts';
import { HeaderRules } from './routing/header-rules.ts';
import { pathRewrite } from './routing/path-rewrite.ts';
import { Redirect } from './routing/redirect.ts';
import { rateLimitOf } from './routing/route-rate-limit.ts';
import { type RedirectRoute, Route, RouteTable } from './routing/route-table.ts';
import { homesOf, mayMove, movedSince, planText } from './upstream/moved-keys.ts';
import { type PoolFleet, UpstreamPool } from './upstream/pool.ts';

/** The pools and routes of a configuration. */
export interface Runtime {
  readonly pools: ReadonlyMap<string, UpstreamPool>;
  readonly routes: RouteTable;
  readonly config: ResolvedConfig;
  /** Rate limiters by name, so that a reload keeps the counts of unchanged limits. */
  readonly limiters: ReadonlyMap<string, RateLimiter>;
}

/** Parts of a {@link Runtime} in addition to its configuration. */
export interface Surroundings {
  readonly log: GatewayLog;
  readonly events: EventLog;
  readonly rateLimiter: RateLimiterFactory;
  /** Where keys are agreed on with other gateways; `undefined` if they are not. */
  readonly fleet?: PoolFleet | undefined;
}

/**
 * Builds the runtime of a configuration. It reuses the unchanged parts of the runtime before, without
 * changing that.
 * @returns the next runtime, and a function that puts it into effect, to be called at most once
 * @throws TypeError or RangeError that names the setting and its value
 */
export function buildRuntime(
  config: ResolvedConfig,
  before: Runtime | undefined,
  surroundings: Surroundings,
): { runtime: Runtime; take: () => void } {
  const changes: (() => void)[] = [];
  const pools = new Map<string, UpstreamPool>();
  for (const [name, own] of Object.entries(config.pools)) {
    const old = before?.pools.get(name);
    if (old !== undefined && isDeepStrictEqual({ ...old.config, backends: [] }, { ...own, backends: [] })) {
      pools.set(name, old);
      changes.push(() => {
        const tell = moveWatch(old, own, surroundings.events);
        // What cannot be read is found before.
        void old.follow(own).then(() => tell(old));
      });
      continue;
    }
    const pool = new UpstreamPool(name, own, old, troubles(name, surroundings.events));
    pools.set(name, pool);
    changes.push(() => {
      const tell = moveWatch(old, own, surroundings.events);
      pool.start(old, surroundings.fleet);
      tell(pool);
      // No events for state that is copied from the balancer before.
      report(pool, surroundings.events);
    });
  }
  for (const old of before?.pools.values() ?? []) {
    if (pools.get(old.name) !== old) changes.push(() => old.close());
  }
  const limiters = new Map<string, RateLimiter>();
  const source = { config, pools, limiters, before };
  const routes = routesOf(config).map((route) => routeOf(route, source, surroundings));
  const take = () => {
    for (const change of changes) change();
  };
  return { runtime: { pools, routes: new RouteTable(routes), config, limiters }, take };
}

/** Notes the homes of keys before a change. @returns a function that tells what has moved since */
function moveWatch(
  old: UpstreamPool | undefined,
  next: ResolvedConfig['pools'][string],
  events: EventLog,
): (pool: UpstreamPool) => void {
  if (old === undefined || !mayMove(old.config, next)) return () => {};
  const before = homesOf(old);
  return (pool) => {
    const plan = movedSince(before, pool);
    if (typeof plan !== 'string' && plan.moved > 0) events.add('keys-moved', planText(plan), pool.name);
  };
}

/**
 * A function of its own: the listener lives as long as the pool, and must not keep the variables of the
 * reload, among which is the runtime before.
 */
function report({ name, balancer }: UpstreamPool, events: EventLog): void {
  balancer.subscribe((event) => events.addFrom(name, event));
}

/** Tells of trouble with discovery; a function of its own for the same reason. */
function troubles(pool: string, events: EventLog): (line: string) => void {
  return (line) => events.add('discovery', line, pool);
}

function routesOf({ routes, pools }: ResolvedConfig): readonly RouteConfig[] {
  if (routes !== undefined) return routes;
  const none = { set: {}, remove: [] };
  const bare = { path: '/', stripPrefix: false, requestHeaders: none, responseHeaders: none };
  return Object.keys(pools).map((pool) => ({ ...bare, pool }));
}

/** What the routes of one runtime share. */
interface RouteSource {
  readonly config: ResolvedConfig;
  readonly pools: ReadonlyMap<string, UpstreamPool>;
  /** Takes the limiters that are in use. */
  readonly limiters: Map<string, RateLimiter>;
  readonly before: Runtime | undefined;
}

function routeOf(
  route: RouteConfig,
  source: RouteSource,
  { log, rateLimiter }: Surroundings,
): Route | RedirectRoute {
  const { host = '*', path } = route;
  const { limits, paths } = source.config;
  const prefix = routedPath(path, paths.caseSensitive);
  const place = { host, path, prefix, conditions: Conditions.of(route) };
  const rewrite = pathRewrite(route, prefix);
  const responseHeaders = new HeaderRules(route.responseHeaders);
  if (route.redirect !== undefined)
    return { ...place, redirect: new Redirect(route.redirect, rewrite), responseHeaders };
  const pool = source.pools.get(route.pool as string) as UpstreamPool;
  const rateLimit = rateLimitFor(route, source, rateLimiter);
  const failed = (what: string, error: unknown) =>
    log.warn({ pool: pool.name, error: String(error) }, `${what} failed`);
  const isOpen = rateLimit === undefined && pool.sessions === undefined;
  const { bodyBytes = limits.bodyBytes, replayBytes = limits.replayBytes } = route.limits ?? {};
  return new Route({
    ...place,
    pool,
    gate: isOpen ? undefined : new Gate({ sessions: pool.sessions, rateLimit, failed }),
    requestHeaders: new HeaderRules(route.requestHeaders),
    responseHeaders,
    rewrite,
    limits: { bodyBytes, replayBytes },
    own: route,
  });
}

function rateLimitFor(
  route: RouteConfig,
  { limiters, before }: RouteSource,
  rateLimiter: RateLimiterFactory,
): RateLimitOptions | undefined {
  const rate = rateLimitOf(route);
  if (rate === undefined) return undefined;
  const limiter = before?.limiters.get(rate.name) ?? rateLimiter(rate);
  limiters.set(rate.name, limiter);
  const by = route.rateLimit?.by;
  const header = typeof by === 'object' ? by.header.toLowerCase() : undefined;
  return header === undefined
    ? { limiter }
    : { limiter, key: ({ headers }) => headers?.[header]?.toString() };
}
