import { availableParallelism } from 'node:os';
import type { PoolConfig } from '../config/pool-schema.ts';
import type { SharedConfig } from '../workers/shared-config.ts';
import { sourceName } from './config-summary.ts';

/**
 * Warnings about settings that are valid but probably not meant.
 * @param cores - of this machine
 */
export function configWarnings(config: SharedConfig, cores = availableParallelism()): string[] {
  const { pools, routes, workers } = config;
  const warnings = Object.entries(pools).flatMap(([name, pool]) => poolWarnings(`pools.${name}`, pool));
  const used = new Set(routes?.map(({ pool }) => pool) ?? Object.keys(pools));
  for (const name of Object.keys(pools)) if (!used.has(name)) warnings.push(`pools.${name} has no route`);
  for (const [i, { timeouts }] of routes?.entries() ?? [])
    warnings.push(...cutHeads(`routes[${i}]`, timeouts));
  if (workers > cores) warnings.push(`workers is ${workers}, but this machine has ${cores} cores`);
  return warnings;
}

function poolWarnings(where: string, pool: PoolConfig): string[] {
  const { backends, tls, health, ejection, timeouts } = pool;
  const warnings = cutHeads(where, timeouts);
  const hasSource = sourceName(pool) !== undefined;
  if (backends.length === 0 && !hasSource) warnings.push(`${where} has no backends: it answers 503`);
  const canServe = backends.some((entry) => typeof entry === 'string' || entry.weight !== 0);
  if (backends.length > 0 && !canServe && !hasSource)
    warnings.push(`${where} has no backend with a weight above 0: it answers 503`);
  if (tls?.verify === false)
    warnings.push(`${where}.tls.verify is false: backends are not verified, so any server can pose as one`);
  if (health === false && ejection === false)
    warnings.push(`${where} has neither health checks nor ejection: a dead backend keeps its share`);
  return warnings;
}

/** A time for heads that the time for all attempts cuts short. */
function cutHeads(
  where: string,
  { headersMs = 0, totalMs }: { headersMs?: number | undefined; totalMs?: number | undefined } = {},
): string[] {
  return totalMs === undefined || headersMs <= totalMs
    ? []
    : [`${where}.timeouts.headersMs is ${headersMs}, but totalMs ends all attempts after ${totalMs}`];
}
