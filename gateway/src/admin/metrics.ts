// Renders all metrics for Prometheus.
import { setImmediate } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { GatewayStats } from '../contracts.ts';
import { BACKEND_FAMILIES } from './backend-families.ts';
import { type BackendSeries, backendSeries } from './backend-series.ts';
import { GATEWAY_FAMILIES } from './gateway-families.ts';
import { FamilyMetric, forEach, type MetricFamily } from './metric-family.ts';
import { POOL_FAMILIES } from './pool-families.ts';

/** What the metrics are read from. */
interface MetricSubject {
  readonly stats: GatewayStats;
  readonly backends: readonly BackendSeries[];
}

/** All families of a gateway. Labels are names of pools, ids of backends, and fixed words. */
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

/** Metrics of this process, once for all gateways in it: their collectors never stop. */
function ofProcess(): Registry {
  if (processMetrics === undefined) {
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
  }
  return processMetrics;
}

/**
 * Renders the metrics of the gateway, and of the process that answers. With workers, the gateway's figures
 * are those of all workers, and the process is the primary. Requests do no extra work for metrics.
 * @returns the text format of Prometheus, version 0.0.4
 */
export async function renderMetrics(stats: GatewayStats): Promise<string> {
  const subject = { stats, backends: backendSeries(stats.pools) };
  const registry = new Registry();
  for (const family of METRIC_FAMILIES) new FamilyMetric(family, registry, subject);
  const texts: string[] = [];
  for (const { name } of METRIC_FAMILIES) {
    texts.push(await registry.getSingleMetricAsString(name));
    // A thousand backends make much text: let requests in between.
    await setImmediate();
  }
  // prom-client writes `Nan`, which Prometheus does not read.
  texts.push((await ofProcess().metrics()).replace(/ Nan$/gm, ' NaN'));
  return texts.join('\n\n');
}
