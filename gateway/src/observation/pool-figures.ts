// The table of a pool's figures; see backend-figures.ts.

import type { BalancerStats, FailoverStats, LeaseQueueStats } from 'evenkeel';
import type { DiscoveryStats } from 'evenkeel/discovery';
import type { SharedChecksStats, SharedKeysStats } from 'evenkeel/fleet';
import type { SeenGateway } from '../fleet/gateway-views.ts';
import { BACKEND_FIGURES, type GatewayBackendStats } from './backend-figures.ts';
import { figuresOf, readFigures, type StatsOf } from './figure.ts';
import { ALL, ANY, DISTINCT, FIRST_KNOWN, LARGEST, LARGEST_NOW } from './merge.ts';

/** What gateways share. */
export interface FleetStats extends SharedKeysStats {
  readonly gateways: readonly SeenGateway[];
  /** `undefined` if health checks are not shared, or there are none. */
  readonly checks: SharedChecksStats | undefined;
}

/** What the figures of a pool are read from. */
export interface PoolSource {
  readonly name: string;
  readonly engine: BalancerStats;
  readonly failover: FailoverStats | undefined;
  readonly queue: LeaseQueueStats | undefined;
  /** `undefined` if keys are not shared with other gateways. */
  readonly fleet: FleetStats | undefined;
  readonly backends: readonly GatewayBackendStats[];
  readonly discovery: readonly DiscoveryStats[];
}

const ofFailover = figuresOf<FailoverStats>();
const ofQueue = figuresOf<LeaseQueueStats>();
const ofWaits = figuresOf<LeaseQueueStats['waitMs']>();
const { text, flag, gauge, group, list } = figuresOf<PoolSource>();

const FAILOVER_FIGURES = {
  retries: ofFailover.counts<FailoverStats['retries']>({
    help: 'Requests that were sent to another backend, by the reason.',
    metric: { name: 'evenkeel_retries_total', label: 'reason' },
    read: ({ retries }) => retries,
  }),
  declined: ofFailover.counts<FailoverStats['declined']>({
    help: 'Failures that were not retried, by the reason.',
    metric: { name: 'evenkeel_retries_declined_total', label: 'reason' },
    read: ({ declined }) => declined,
  }),
};

const QUEUE_FIGURES = {
  depth: ofQueue.gauge({
    help: 'Requests that wait for a backend.',
    metric: { name: 'evenkeel_queue_depth' },
    read: ({ depth }) => depth,
  }),
  served: ofQueue.counter({ help: 'Waits that ended with a backend.', read: ({ served }) => served }),
  timedOut: ofQueue.counter({ help: 'Waits that took too long.', read: ({ timedOut }) => timedOut }),
  cancelled: ofQueue.counter({ help: 'Waits whose client left.', read: ({ cancelled }) => cancelled }),
  abandoned: ofQueue.counter({
    help: 'Waits that ended because no backend could become free.',
    read: ({ abandoned }) => abandoned,
  }),
  refused: ofQueue.counter({
    help: 'Requests for which the queue had no room.',
    read: ({ refused }) => refused,
  }),
  waitMs: ofQueue.group(
    {
      sum: ofWaits.counter({
        help: 'How long served requests have waited for a backend, together.',
        unit: 'ms',
        metric: { name: 'evenkeel_queue_wait_seconds_total' },
        read: ({ sum }) => sum,
      }),
      max: ofWaits.gauge({
        help: 'The longest wait of a served request.',
        unit: 'ms',
        merge: LARGEST,
        read: ({ max }) => max,
      }),
    },
    'How long served requests have waited.',
    ({ waitMs }) => waitMs,
  ),
};

const ofSource = figuresOf<DiscoveryStats>();
export const DISCOVERY_FIGURES = {
  source: ofSource.text<string>({ help: 'Name of the source.', read: ({ source }) => source }),
  state: ofSource.text<string>({
    help: '`starting`, `current`, `holding` (backends that it lacks are kept) or `failing` (the last set stays).',
    merge: DISTINCT,
    read: ({ state }) => state,
  }),
  epoch: ofSource.text({ help: 'The life of its store.', read: ({ epoch }) => epoch }),
  version: ofSource.text({ help: 'Version of its last answer.', read: ({ version }) => version }),
  ageMs: ofSource.gauge({
    help: 'Age of its last good answer; missing before the first one.',
    unit: 'ms',
    merge: LARGEST_NOW,
    read: ({ ageMs }) => ageMs,
  }),
  backends: ofSource.gauge({
    help: 'Backends that are believed.',
    merge: LARGEST_NOW,
    read: ({ backends }) => backends,
  }),
  held: ofSource.gauge({
    help: 'Backends that it lacks and that are kept for a while.',
    merge: LARGEST_NOW,
    read: ({ held }) => held,
  }),
  snapshots: ofSource.counter({ help: 'Good answers.', read: ({ snapshots }) => snapshots }),
  refused: ofSource.counter({
    help: 'Answers and entries that could not be used.',
    read: ({ refused }) => refused,
  }),
  errors: ofSource.counter({ help: 'Failures of the source.', read: ({ errors }) => errors }),
  trouble: ofSource.text({
    help: 'The trouble that lasts, if any.',
    merge: FIRST_KNOWN,
    read: ({ trouble }) => trouble,
  }),
};

const ofSeen = figuresOf<SeenGateway>();
export const SEEN_FIGURES = {
  gateway: ofSeen.text<string>({
    help: 'Host and port of its first listener.',
    read: ({ gateway }) => gateway,
  }),
  own: ofSeen.flag({ help: 'Whether it is this one.', read: ({ own }) => own }),
  processes: ofSeen.gauge({
    help: 'Processes of it that were heard of in the last 30 seconds.',
    merge: LARGEST_NOW,
    read: ({ processes }) => processes,
  }),
  fingerprint: ofSeen.text<string>({
    help: 'Its fingerprint of this pool; several if its workers differ.',
    read: ({ fingerprint }) => fingerprint,
  }),
  backends: ofSeen.gauge({
    help: 'Backends of this pool that it knows.',
    merge: LARGEST_NOW,
    read: ({ backends }) => backends,
  }),
  difference: ofSeen.text({
    help: 'How it differs from this gateway; missing if it does not.',
    merge: FIRST_KNOWN,
    read: ({ difference }) => difference,
  }),
};

const ofChecks = figuresOf<SharedChecksStats>();
const SHARED_CHECK_FIGURES = {
  connected: ofChecks.flag({
    help: '1 while gateways check backends for each other, 0 while the store is away and each checks all.',
    merge: ALL,
    metric: { name: 'evenkeel_fleet_checks_shared' },
    read: ({ connected }) => connected,
  }),
  members: ofChecks.gauge({
    help: 'Gateways and workers that check the pool in the same way and live.',
    merge: LARGEST_NOW,
    metric: { name: 'evenkeel_fleet_members' },
    read: ({ members }) => members,
  }),
  strangers: ofChecks.gauge({
    help: 'Those that have a pool of this name with other health checks.',
    merge: LARGEST_NOW,
    metric: { name: 'evenkeel_fleet_strangers' },
    read: ({ strangers }) => strangers,
  }),
  own: ofChecks.gauge({
    help: 'Backends that are checked here.',
    metric: { name: 'evenkeel_fleet_checks_own' },
    read: ({ own }) => own,
  }),
  alone: ofChecks.gauge({
    help: 'Of these, those whose state is what is found here alone.',
    metric: { name: 'evenkeel_fleet_checks_alone' },
    read: ({ alone }) => alone,
  }),
  disputed: ofChecks.gauge({
    help: 'Backends that those who check them disagree about.',
    merge: LARGEST_NOW,
    metric: { name: 'evenkeel_fleet_checks_disputed' },
    read: ({ disputed }) => disputed,
  }),
  ageMs: ofChecks.gauge({
    help: 'Age of the oldest state that others have told; missing without one.',
    unit: 'ms',
    merge: LARGEST_NOW,
    metric: { name: 'evenkeel_fleet_checks_age_seconds' },
    read: ({ ageMs }) => ageMs,
  }),
};

const ofFleet = figuresOf<FleetStats>();
const FLEET_FIGURES = {
  connected: ofFleet.flag({
    help: '1 while the store of the fleet answers, and tells what others place, else 0.',
    merge: ALL,
    metric: { name: 'evenkeel_fleet_connected' },
    read: ({ connected }) => connected,
  }),
  keys: ofFleet.gauge({
    help: 'Keys whose places are shared with other gateways; each worker knows all of them.',
    merge: LARGEST_NOW,
    metric: { name: 'evenkeel_fleet_keys' },
    read: ({ keys }) => keys,
  }),
  waiting: ofFleet.gauge({
    help: 'Keys of which the store is still to be told.',
    metric: { name: 'evenkeel_fleet_waiting' },
    read: ({ waiting }) => waiting,
  }),
  calls: ofFleet.counter({
    help: 'Calls of the store.',
    metric: { name: 'evenkeel_fleet_calls_total' },
    read: ({ calls }) => calls,
  }),
  failures: ofFleet.counter({
    help: 'Calls of the store that failed.',
    metric: { name: 'evenkeel_fleet_failures_total' },
    read: ({ failures }) => failures,
  }),
  seen: ofFleet.gauge({
    help: 'Gateways of the fleet that were heard of, this one among them.',
    merge: LARGEST_NOW,
    metric: { name: 'evenkeel_fleet_gateways' },
    read: ({ gateways }) => gateways.length,
  }),
  differing: ofFleet.gauge({
    help: 'Gateways that know other backends, weights or settings of this pool than this one.',
    merge: LARGEST_NOW,
    metric: { name: 'evenkeel_fleet_differing' },
    read: ({ gateways }) => gateways.filter(({ difference }) => difference !== undefined).length,
  }),
  adopted: ofFleet.counter({
    help: 'Keys that went where another gateway had placed them first.',
    metric: { name: 'evenkeel_fleet_adopted_total' },
    read: ({ adopted }) => adopted,
  }),
  checks: ofFleet.group(
    SHARED_CHECK_FIGURES,
    'Health checks that are shared with other gateways; missing if they are not.',
    ({ checks }) => checks,
  ),
  gateways: ofFleet.list(
    { table: SEEN_FIGURES, key: 'gateway', help: 'Gateways of the fleet, this one first.' },
    ({ gateways }) => gateways,
  ),
};

export const POOL_FIGURES = {
  name: text({ help: 'Name.', read: ({ name }) => name }),
  strategy: text<string>({ help: 'Strategy.', merge: DISTINCT, read: ({ engine }) => engine.strategy }),
  fingerprint: text<string>({
    help: 'Digest of members, weights, strategy, bounds and key: gateways with equal fingerprints choose alike.',
    merge: DISTINCT,
    read: ({ engine }) => engine.fingerprint,
  }),
  crisis: flag({
    help: '1 while too little of the pool is well, so that unhealthy backends are tried, else 0.',
    merge: ANY,
    metric: { name: 'evenkeel_pool_crisis' },
    read: ({ engine }) => engine.crisis,
  }),
  panic: flag({
    help: '1 while health is ignored because too much of the pool is out, else 0.',
    merge: ANY,
    metric: { name: 'evenkeel_pool_panic' },
    read: ({ engine }) => engine.panic,
  }),
  keys: gauge({
    help: 'Remembered keys; each worker remembers its own.',
    metric: { name: 'evenkeel_pool_keys' },
    read: ({ engine }) => engine.keys,
  }),
  inFlight: gauge({
    help: 'Leases held now.',
    metric: { name: 'evenkeel_pool_in_flight' },
    read: ({ engine }) => engine.inFlight,
  }),
  failover: group(FAILOVER_FIGURES, 'Retries; missing if the pool has none.', ({ failover }) => failover),
  queue: group(QUEUE_FIGURES, 'The queue; missing if the pool has none.', ({ queue }) => queue),
  fleet: group(
    FLEET_FIGURES,
    'Keys that are shared with other gateways; missing if they are not.',
    ({ fleet }) => fleet,
  ),
  discovery: list(
    {
      table: DISCOVERY_FIGURES,
      key: 'source',
      help: 'Sources of backends, those for host names among them.',
    },
    ({ discovery }) => discovery.map((source) => readFigures(DISCOVERY_FIGURES, source)),
  ),
  backends: list(
    { table: BACKEND_FIGURES, key: 'id', help: 'Backends, in the order of the configuration.' },
    ({ backends }) => backends,
  ),
};

/** One pool, as operators see it; docs/figures.md describes each figure. */
export type GatewayPoolStats = StatsOf<typeof POOL_FIGURES>;
