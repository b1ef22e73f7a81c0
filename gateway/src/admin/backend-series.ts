import type { BackendState } from 'evenkeel';
import type { GatewayBackendStats, GatewayPoolStats } from '../contracts.ts';
import { mergeLatency } from '../observation/latency-histogram.ts';

/** What metrics tell of one backend, or of all others together. */
export interface BackendSeries
  extends Pick<
    GatewayBackendStats,
    | 'weight'
    | 'currentWeight'
    | 'activeConnections'
    | 'requests'
    | 'errors'
    | 'cancelled'
    | 'spills'
    | 'keys'
    | 'share'
    | 'statuses'
    | 'latency'
  > {
  readonly pool: string;
  /** Its id, or `other`. */
  readonly backend: string;
  /** `undefined` for several. */
  readonly alive: boolean | undefined;
  /** `undefined` for several. */
  readonly state: BackendState | undefined;
}

/** How many backends of all pools have series of their own. */
const MAX_BACKENDS = 1_000;
const OTHER = 'other';

/** The first thousand backends, and for each pool that has more the sum of those, so that no pool can flood whoever collects metrics. */
export function backendSeries(pools: readonly GatewayPoolStats[], limit = MAX_BACKENDS): BackendSeries[] {
  let left = limit;
  return pools.flatMap(({ name: pool, backends }) => {
    const others: GatewayBackendStats[] = [];
    const series: BackendSeries[] = [];
    for (const stats of backends) {
      if (stats.id === OTHER || left === 0) others.push(stats);
      else {
        left--;
        series.push({ ...stats, pool, backend: stats.id });
      }
    }
    if (others.length > 0) series.push(together(pool, others));
    return series;
  });
}

function together(pool: string, all: readonly GatewayBackendStats[]): BackendSeries {
  const sum = (figure: (one: GatewayBackendStats) => number) =>
    all.reduce((total, one) => total + figure(one), 0);
  const [only] = all;
  return {
    pool,
    backend: OTHER,
    alive: all.length === 1 ? only?.alive : undefined,
    state: all.length === 1 ? only?.state : undefined,
    weight: sum(({ weight }) => weight),
    currentWeight: sum(({ currentWeight }) => currentWeight),
    activeConnections: sum(({ activeConnections }) => activeConnections),
    requests: sum(({ requests }) => requests),
    errors: sum(({ errors }) => errors),
    cancelled: sum(({ cancelled }) => cancelled),
    spills: sum(({ spills }) => spills),
    keys: sum(({ keys }) => keys),
    share: all.some(({ share }) => share !== undefined) ? sum(({ share }) => share ?? 0) : undefined,
    statuses: {
      '2xx': sum(({ statuses }) => statuses['2xx']),
      '3xx': sum(({ statuses }) => statuses['3xx']),
      '4xx': sum(({ statuses }) => statuses['4xx']),
      '5xx': sum(({ statuses }) => statuses['5xx']),
    },
    latency: mergeLatency(all.map(({ latency }) => latency)),
  };
}
