import type { BackendState, FailoverStats, LeaseQueueStats } from 'evenkeel';
import type { GatewayBackendStats, GatewayPoolStats, GatewayStats } from '../contracts.ts';
import { mergeLatency } from '../observation/latency-histogram.ts';
import { mergedEvents } from './merged-events.ts';

/** Numbers, by name. */
type Figures = Readonly<Record<string, number>>;

/**
 * One gateway of several workers. Figures are sums, also of remembered keys, which each worker has of its own; shares and weights are those of the
 * first. A backend is alive where at least one worker uses it, and its state is the least grave that a worker sees: `up`, `barred`, `down`,
 * `draining`. Ready is what has one worker that is.
 * @param all - one for each worker. One with `workers: 0` is the last word of a worker that has ended: its totals count, and nothing else. For an
 *   empty list everything is 0, and the version is for the caller to fill in
 */
export function mergeStats(all: readonly GatewayStats[]): GatewayStats {
  const running = all.filter(({ workers }) => workers > 0);
  const [first = all[0]] = running;
  const totals = all.map(({ requests }) => requests);
  return {
    version: first?.version ?? '',
    node: first?.node ?? process.version,
    workers: sum(running, ({ workers }) => workers),
    startedAt: Math.min(...all.map(({ startedAt }) => startedAt), Date.now()),
    ready: running.some(({ ready }) => ready),
    connections: {
      open: sum(running, ({ connections }) => connections.open),
      accepted: sum(all, ({ connections }) => connections.accepted),
      refused: sum(all, ({ connections }) => connections.refused),
    },
    requests: {
      total: sum(totals, ({ total }) => total),
      inFlight: sum(running, ({ requests }) => requests.inFlight),
      statuses: sumStatuses(totals.map(({ statuses }) => statuses)),
      cancelled: sum(totals, ({ cancelled }) => cancelled),
      rateLimited: sum(totals, ({ rateLimited }) => rateLimited),
      errors: sumFigures(totals.map(({ errors }) => errors)),
    },
    tunnels: {
      open: sum(running, ({ tunnels }) => tunnels.open),
      total: sum(all, ({ tunnels }) => tunnels.total),
    },
    bytes: {
      received: sum(all, ({ bytes }) => bytes.received),
      sent: sum(all, ({ bytes }) => bytes.sent),
    },
    latency: mergeLatency(all.map(({ latency }) => latency)),
    pools: mergePools(running, all),
    events: mergedEvents(all.map(({ events }) => events)),
  };
}

/** The pools that a running worker has, in the order in which they come. */
function mergePools(running: readonly GatewayStats[], all: readonly GatewayStats[]): GatewayPoolStats[] {
  const ended = byName(all.filter(({ workers }) => workers === 0).flatMap(({ pools }) => pools));
  return [...byName(running.flatMap(({ pools }) => pools))].map(([name, pools]) => {
    const totals = [...pools, ...(ended.get(name) ?? [])];
    return {
      name,
      strategy: distinct(pools.map(({ strategy }) => strategy)),
      fingerprint: distinct(pools.map(({ fingerprint }) => fingerprint)),
      panic: pools.some(({ panic }) => panic),
      keys: sum(pools, ({ keys }) => keys),
      inFlight: sum(pools, ({ inFlight }) => inFlight),
      failover: mergeFailover(totals.flatMap(({ failover }) => failover ?? [])),
      queue: mergeQueue(
        totals.flatMap(({ queue }) => queue ?? []),
        sum(pools, ({ queue }) => queue?.depth ?? 0),
      ),
      backends: mergeBackends(pools, totals),
    };
  });
}

function mergeBackends(
  running: readonly GatewayPoolStats[],
  all: readonly GatewayPoolStats[],
): GatewayBackendStats[] {
  const totals = byId(all);
  return [...byId(running)].map(([id, backends]) => mergeBackend(backends, totals.get(id) ?? []));
}

function mergeBackend(
  running: readonly GatewayBackendStats[],
  all: readonly GatewayBackendStats[],
): GatewayBackendStats {
  const first = running[0] as GatewayBackendStats;
  return {
    ...first,
    state: leastGrave(running.map(({ state }) => state)),
    alive: running.some(({ alive }) => alive),
    checkFailure: running.find(({ checkFailure }) => checkFailure !== undefined)?.checkFailure,
    activeConnections: sum(running, ({ activeConnections }) => activeConnections),
    keys: sum(running, ({ keys }) => keys),
    requests: sum(all, ({ requests }) => requests),
    errors: sum(all, ({ errors }) => errors),
    cancelled: sum(all, ({ cancelled }) => cancelled),
    spills: sum(all, ({ spills }) => spills),
    statuses: sumStatuses(all.map(({ statuses }) => statuses)),
    latency: mergeLatency(all.map(({ latency }) => latency)),
  };
}

const GRAVITY: readonly BackendState[] = ['up', 'barred', 'down', 'draining'];

function leastGrave(states: readonly BackendState[]): BackendState {
  return GRAVITY.find((state) => states.includes(state)) ?? 'down';
}

function mergeFailover(all: readonly FailoverStats[]): FailoverStats | undefined {
  if (all.length === 0) return undefined;
  return {
    retries: sumFigures(all.map(({ retries }) => retries)) as FailoverStats['retries'],
    declined: sumFigures(all.map(({ declined }) => declined)) as FailoverStats['declined'],
  };
}

function mergeQueue(all: readonly LeaseQueueStats[], depth: number): LeaseQueueStats | undefined {
  if (all.length === 0) return undefined;
  return {
    depth,
    served: sum(all, ({ served }) => served),
    timedOut: sum(all, ({ timedOut }) => timedOut),
    cancelled: sum(all, ({ cancelled }) => cancelled),
    abandoned: sum(all, ({ abandoned }) => abandoned),
    refused: sum(all, ({ refused }) => refused),
    waitMs: {
      sum: sum(all, ({ waitMs }) => waitMs.sum),
      max: Math.max(...all.map(({ waitMs }) => waitMs.max)),
    },
  };
}

function sum<T>(all: readonly T[], figure: (one: T) => number): number {
  return all.reduce((total, one) => total + figure(one), 0);
}

function sumFigures(all: readonly Figures[]): Figures {
  const sums = new Map<string, number>();
  for (const figures of all) {
    for (const [name, figure] of Object.entries(figures)) sums.set(name, (sums.get(name) ?? 0) + figure);
  }
  return Object.fromEntries(sums);
}

function sumStatuses(all: readonly GatewayBackendStats['statuses'][]): GatewayBackendStats['statuses'] {
  return { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, ...sumFigures(all) };
}

/** Workers that disagree are named. */
function distinct(texts: readonly string[]): string {
  return [...new Set(texts)].join(', ');
}

function byName(pools: readonly GatewayPoolStats[]): Map<string, GatewayPoolStats[]> {
  return grouped(pools, ({ name }) => name);
}

function byId(pools: readonly GatewayPoolStats[]): Map<string, GatewayBackendStats[]> {
  return grouped(
    pools.flatMap(({ backends }) => backends),
    ({ id }) => id,
  );
}

function grouped<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}
