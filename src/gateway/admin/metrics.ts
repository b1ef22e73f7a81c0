import { collectDefaultMetrics, Registry } from 'prom-client';
import type { GatewayStats } from '../contracts.ts';
import { BACKEND_FAMILIES } from './backend-families.ts';
import { type BackendSeries, backendSeries } from './backend-series.ts';
import { GATEWAY_FAMILIES } from './gateway-families.ts';
import { FamilyMetric, forEach, type MetricFamily } from './metric-family.ts';
import { POOL_FAMILIES } from './pool-families.ts';

/** What metrics are read from. */
interface MetricSubject {
  readonly stats: GatewayStats;
  readonly backends: readonly BackendSeries[];
}

/** Everything that a gateway tells of itself. Labels are names of pools, ids of backends, and fixed words. */
const METRIC_FAMILIES: readonly MetricFamily<MetricSubject>[] = [
  ...GATEWAY_FAMILIES.map((family) => ({
    ...family,
    samples: ({ stats }: MetricSubject) => family.samples(stats),
  })),
  ...POOL_FAMILIES.map((family) =>
    forEach(
      family,
      ({ stats }: MetricSubject) => stats.pools,
      ({ name }) => ({ pool: name }),
    ),
  ),
  ...BACKEND_FAMILIES.map((family) =>
    forEach(
      family,
      ({ backends }: MetricSubject) => backends,
      ({ pool, backend }) => ({ pool, backend }),
    ),
  ),
];

let processMetrics: Registry | undefined;

/** What is known of this process, once for all gateways in it: what measures it would never end. */
function ofProcess(): Registry {
  if (processMetrics === undefined) {
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
  }
  return processMetrics;
}

/**
 * What Prometheus reads: the gateway's figures, and those of the process that answers. Where there are workers, the gateway's figures are of all of
 * them, and the process is the one that they have in common.
 */
export class GatewayMetrics {
  readonly #registry: Registry;
  #subject: MetricSubject | undefined;

  constructor() {
    const own = new Registry();
    for (const family of METRIC_FAMILIES) new FamilyMetric(family, own, () => this.#subject as MetricSubject);
    this.#registry = Registry.merge([own, ofProcess()]);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** @returns the text format of Prometheus, version 0.0.4 */
  render(stats: GatewayStats): Promise<string> {
    // All families are read before this returns.
    this.#subject = { stats, backends: backendSeries(stats.pools) };
    return this.#registry.metrics();
  }
}
