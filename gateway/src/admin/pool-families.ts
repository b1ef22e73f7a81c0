// The metrics of each pool: those of its table of figures, and what is put together of several.
import { type GatewayPoolStats, POOL_FIGURES } from '../observation/pool-figures.ts';
import { figureFamilies, STATES } from './figure-families.ts';
import { labelled, type MetricFamily } from './metric-family.ts';

export const POOL_FAMILIES: readonly MetricFamily<GatewayPoolStats>[] = [
  {
    name: 'evenkeel_pool_info',
    type: 'gauge',
    help: 'Always 1; gateways with equal fingerprints choose alike.',
    samples: ({ strategy, fingerprint }) => [{ labels: { strategy, fingerprint }, value: 1 }],
  },
  labelled('gauge', 'evenkeel_pool_backends', 'Backends, by their state.', 'state', ({ backends }) =>
    countsOf(backends),
  ),
  ...figureFamilies(POOL_FIGURES),
  ofSources(
    'gauge',
    'evenkeel_discovery_backends',
    'Backends that a source tells of.',
    (one) => one.backends,
  ),
  ofSources(
    'gauge',
    'evenkeel_discovery_held',
    'Backends that a source lacks and that are kept.',
    (one) => one.held,
  ),
  ofSources('gauge', 'evenkeel_discovery_failing', '1 while a source fails, else 0.', (one) =>
    one.state.includes('failing') ? 1 : 0,
  ),
  ofSources('gauge', 'evenkeel_discovery_age_seconds', 'Age of the last good answer of a source.', (one) =>
    one.ageMs === undefined ? undefined : one.ageMs / 1_000,
  ),
  ofSources(
    'counter',
    'evenkeel_discovery_snapshots_total',
    'Good answers of a source.',
    (one) => one.snapshots,
  ),
  ofSources(
    'counter',
    'evenkeel_discovery_refused_total',
    'Answers and entries of a source that could not be used.',
    (one) => one.refused,
  ),
  ofSources('counter', 'evenkeel_discovery_errors_total', 'Failures of a source.', (one) => one.errors),
  labelled(
    'counter',
    'evenkeel_queue_waits_total',
    'Waits for a backend, by how they ended.',
    'result',
    ({ queue }) => {
      if (queue === undefined) return undefined;
      const { served, timedOut: timed_out, cancelled, abandoned, refused } = queue;
      return { served, timed_out, cancelled, abandoned, refused };
    },
  ),
];

type Source = GatewayPoolStats['discovery'][number];

/** One value for each source. */
function ofSources(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  read: (source: Source) => number | undefined,
): MetricFamily<GatewayPoolStats> {
  return labelled(type, name, help, 'source', ({ discovery }) => {
    const values = discovery.map((one) => [one.source, read(one)] as const);
    return Object.fromEntries(values.filter((pair): pair is [string, number] => pair[1] !== undefined));
  });
}

function countsOf(backends: GatewayPoolStats['backends']): Record<string, number> {
  const counts = new Map<string, number>(STATES.map((state) => [state, 0]));
  for (const { state } of backends) counts.set(state, (counts.get(state) ?? 0) + 1);
  return Object.fromEntries(counts);
}
