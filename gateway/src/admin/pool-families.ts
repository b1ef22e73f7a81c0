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

function countsOf(backends: GatewayPoolStats['backends']): Record<string, number> {
  const counts = new Map<string, number>(STATES.map((state) => [state, 0]));
  for (const { state } of backends) counts.set(state, (counts.get(state) ?? 0) + 1);
  return Object.fromEntries(counts);
}
