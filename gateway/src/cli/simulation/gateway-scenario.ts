// Makes a scenario of a gateway's own configuration: its backends and the settings of a pool. What the
// configuration cannot know, such as how fast a backend works, comes from a scenario or its defaults.
import type { BackendGroup, Contender, Scenario } from 'evenkeel/simulator';
import type { ResolvedPool } from '../../config/resolved-config.ts';
import { defined } from '../../upstream/pool-options.ts';
import { UsageError } from '../exit-code.ts';

/** A pool as a part of a scenario. */
export interface PoolScenario {
  readonly backends: readonly BackendGroup[];
  readonly contender: Contender;
  /** What the simulation leaves out of the configuration, a line each. */
  readonly leftOut: readonly string[];
}

/**
 * The pool that `--pool` names, or the only one.
 * @throws UsageError that lists the pools if none or several are meant
 */
export function chosenPool(
  pools: Readonly<Record<string, ResolvedPool>>,
  name: string | undefined,
): { name: string; pool: ResolvedPool } {
  const names = Object.keys(pools);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const pool = chosen === undefined || !Object.hasOwn(pools, chosen) ? undefined : pools[chosen];
  if (chosen !== undefined && pool !== undefined) return { name: chosen, pool };
  const list = names.join(', ');
  if (name === undefined) throw new UsageError(`--pool must name one of the pools ${list}`);
  throw new UsageError(`--pool must be one of ${list}, got ${JSON.stringify(name)}`);
}

/** @throws UsageError for a pool without backends */
export function poolScenario(name: string, pool: ResolvedPool): PoolScenario {
  if (pool.backends.length === 0) throw new UsageError(`pool ${name} has no backends to simulate`);
  const { bounds, ejection, circuitBreaker, slowStart, maxInFlight, retries, queue, health } = pool;
  const guards = defined({
    outlierEjection: ejection,
    circuitBreaker,
    slowStart,
    maxInFlight,
  });
  const contender = {
    label: name,
    strategy: pool.strategy as Contender['strategy'],
    ...(keyOf(pool) !== undefined && { key: keyOf(pool) }),
    bounds: bounds === false ? { factor: Number.POSITIVE_INFINITY } : defined(bounds),
    timeoutMs: pool.timeouts.headersMs,
    failover: retries,
    panicRatio: pool.panicRatio,
    health: typeof health === 'object' ? checksOf(health) : health !== false,
    queue,
    guards,
  } as Contender;
  const backends = pool.backends.map((backend): BackendGroup => {
    if (typeof backend === 'string') return {};
    const { weight, zone, concurrency } = backend;
    return defined({ weight, zone, concurrency });
  });
  return { backends, contender, leftOut: leftOutOf(pool) };
}

function checksOf(health: Extract<ResolvedPool['health'], object>): Contender['health'] {
  const { intervalMs, request, thresholds } = health;
  return { intervalMs, timeoutMs: request.timeoutMs, ...thresholds };
}

/** Requests of a simulation have a path and a client; cookies, headers and claims are not simulated. */
function keyOf({ affinity }: ResolvedPool): Contender['key'] {
  if (affinity === undefined) return undefined;
  return affinity.by === 'client-address' ? 'client-address' : 'path';
}

function leftOutOf({ affinity, sessions, backends, zones }: ResolvedPool): string[] {
  const lines: string[] = [];
  if (affinity !== undefined && !['path', 'client-address'].includes(affinity.by))
    lines.push(`affinity by ${affinity.by}: simulated by path`);
  if (sessions !== undefined) lines.push('sessions: not simulated');
  if (backends.some((backend) => typeof backend === 'object' && backend.backup === true))
    lines.push('backup: simulated as backends like the others');
  if (zones !== undefined) lines.push('zones: name those of the balancers in a scenario');
  return lines;
}

/** A scenario with the backends of a pool, and with its settings as the first contender. */
export function withPool(
  scenario: Omit<Scenario, 'backends'>,
  pool: PoolScenario,
  others: Scenario['contenders'],
): Scenario {
  return {
    ...scenario,
    backends: pool.backends,
    contenders: [pool.contender, ...(others ?? [])],
  };
}
