import type { BackendState } from 'evenkeel';
import type { GatewayPoolStats } from '../contracts.ts';
import { labelled, type MetricFamily, single } from './metric-family.ts';

const STATES: readonly BackendState[] = ['up', 'down', 'draining', 'barred'];

/** What is told of each pool. */
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
  single('gauge', 'evenkeel_pool_in_flight', 'Leases held now.', (pool) => pool.inFlight),
  single('gauge', 'evenkeel_pool_keys', 'Keys that are remembered.', (pool) => pool.keys),
  single(
    'gauge',
    'evenkeel_pool_panic',
    '1 while health is ignored because too much of the pool is out, else 0.',
    (pool) => Number(pool.panic),
  ),
  labelled(
    'counter',
    'evenkeel_retries_total',
    'Requests that were sent to another backend, by what made it necessary.',
    'reason',
    (pool) => ({ ...pool.failover?.retries }),
  ),
  labelled(
    'counter',
    'evenkeel_retries_declined_total',
    'Failures that were not retried, by what forbade it.',
    'reason',
    (pool) => ({ ...pool.failover?.declined }),
  ),
  single('gauge', 'evenkeel_queue_depth', 'Requests that wait for a backend.', (pool) => pool.queue?.depth),
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
  single(
    'counter',
    'evenkeel_queue_wait_seconds_total',
    'Seconds that served requests have waited for a backend.',
    (pool) => pool.queue && pool.queue.waitMs.sum / 1_000,
  ),
];

function countsOf(backends: GatewayPoolStats['backends']): Record<string, number> {
  const counts = new Map<string, number>(STATES.map((state) => [state, 0]));
  for (const { state } of backends) counts.set(state, (counts.get(state) ?? 0) + 1);
  return Object.fromEntries(counts);
}
