// Which backends have metrics of their own: a bounded number, so that a large pool cannot flood the scraper.
import { BACKEND_FIGURES, type GatewayBackendStats } from '../observation/backend-figures.ts';
import { entriesOf, type Figure } from '../observation/figure.ts';
import { mergeLatency } from '../observation/latency-histogram.ts';
import { LARGEST, largest, sum, sumCounts } from '../observation/merge.ts';
import type { GatewayPoolStats } from '../observation/pool-figures.ts';

/** One backend in the metrics, or the sum of several. */
export interface BackendSeries {
  readonly pool: string;
  /** Its id, or `other`. */
  readonly backend: string;
  /** What several backends have no common value for, for example a state, is left out. */
  readonly figures: Partial<GatewayBackendStats>;
}

/** How many backends of all pools have series of their own. */
const MAX_BACKENDS = 1_000;
const OTHER = 'other';

/** The first thousand backends, and for each pool with more the sum of the rest. */
export function backendSeries(pools: readonly GatewayPoolStats[], limit = MAX_BACKENDS): BackendSeries[] {
  let left = limit;
  return pools.flatMap(({ name: pool, backends }) => {
    const others: GatewayBackendStats[] = [];
    const series: BackendSeries[] = [];
    for (const figures of backends) {
      if (figures.id === OTHER || left === 0) others.push(figures);
      else {
        left--;
        series.push({ pool, backend: figures.id, figures });
      }
    }
    if (others.length > 0) series.push({ pool, backend: OTHER, figures: together(others) });
    return series;
  });
}

function together(all: readonly GatewayBackendStats[]): Partial<GatewayBackendStats> {
  const [only] = all;
  if (all.length === 1 && only !== undefined) return only;
  const sums = entriesOf(BACKEND_FIGURES).map(([name, figure]) => {
    return [
      name,
      sumOf(
        figure,
        all.map((one) => one[name as keyof GatewayBackendStats] as never),
      ),
    ];
  });
  return Object.fromEntries(sums) as Partial<GatewayBackendStats>;
}

/** One value of those of different backends; `undefined` if they have none in common. */
function sumOf({ kind, merge }: Figure<never, never>, values: readonly never[]): unknown {
  switch (kind) {
    case 'counter':
    case 'gauge': {
      const known = (values as readonly (number | undefined)[]).filter((value) => value !== undefined);
      if (merge === (LARGEST as unknown)) return largest(known);
      return known.length === 0 ? undefined : sum(known);
    }
    case 'counts':
      return sumCounts(values);
    case 'latency':
      return mergeLatency(values);
    default:
      return undefined;
  }
}
