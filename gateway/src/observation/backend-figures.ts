// The table of a backend's figures: `/stats`, the merge over workers, the metrics, the dashboard and the page
// of figures (docs/figures.md) read it. To add a figure, add an entry.

import type { BackendStats } from 'evenkeel';
import { writtenUrl } from '../config/unix-socket.ts';
import type { BackendMeter, StatusClasses } from './backend-meter.ts';
import { figuresOf, type StatsOf } from './figure.ts';
import { ANY, FIRST, FIRST_KNOWN, LARGEST, LEAST_SEVERE } from './merge.ts';

/** What the figures of a backend are read from. */
export interface BackendSource {
  readonly engine: BackendStats;
  readonly meter: BackendMeter;
  /** Whether its pool ignores health. */
  readonly isPanic: boolean;
  /** Why its last health check failed. */
  readonly checkFailure: string | undefined;
}

const { text, flag, state, gauge, counter, counts, latency } = figuresOf<BackendSource>();

export const BACKEND_FIGURES = {
  id: text({
    help: 'Id: the canonical URL unless the configuration gives one.',
    read: ({ engine }) => engine.id,
  }),
  url: text({ help: 'Base URL.', read: ({ engine }) => writtenUrl(engine.url) }),
  zone: text({ help: 'Zone.', read: ({ engine }) => engine.zone }),
  backup: flag({ help: 'Whether it is a backup.', read: ({ engine }) => engine.backup }),
  state: state({
    help: '1 for the state that the backend is in, else 0.',
    merge: LEAST_SEVERE,
    metric: { name: 'evenkeel_backend_state', label: 'state' },
    read: ({ engine }) => engine.state,
  }),
  alive: flag({
    help: '1 while the backend takes requests, else 0.',
    merge: ANY,
    metric: { name: 'evenkeel_backend_up' },
    read: ({ engine: { state }, isPanic }) => state === 'up' || (isPanic && state !== 'draining'),
  }),
  checkFailure: text({
    help: 'Why its last health check failed.',
    merge: FIRST_KNOWN,
    read: ({ checkFailure }) => checkFailure,
  }),
  lastStateChangeAt: gauge({
    help: 'When the backend last changed its state: went down, came up, was ejected, drained or resumed.',
    unit: 'ms since 1970',
    merge: LARGEST,
    metric: { name: 'evenkeel_backend_last_state_change_timestamp_seconds' },
    cell: { column: 'State', format: 'since', words: 'for {}' },
    read: ({ meter }) => meter.states.lastChangeAt,
  }),
  downSeconds: counter({
    help: 'How long the backend has been in the state down.',
    unit: 's',
    merge: LARGEST,
    metric: { name: 'evenkeel_backend_down_seconds_total' },
    cell: { column: 'State', format: 'seconds', words: 'down {} in all', hiddenAt: 0 },
    read: ({ meter }) => meter.states.downSeconds,
  }),
  weight: gauge({
    help: 'Weight as configured.',
    merge: FIRST,
    metric: { name: 'evenkeel_backend_weight' },
    cell: { column: 'Weight', format: 'number' },
    read: ({ engine }) => engine.weight,
  }),
  currentWeight: gauge({
    help: 'Weight that counts now: less while the backend is starting.',
    merge: FIRST,
    metric: { name: 'evenkeel_backend_current_weight' },
    cell: { column: 'Weight', format: 'number', words: 'now {}', hiddenAt: 'weight' },
    read: ({ engine }) => engine.currentWeight,
  }),
  activeConnections: gauge({
    help: 'Requests and tunnels that the backend works on.',
    metric: { name: 'evenkeel_backend_in_flight' },
    cell: { column: 'In flight', format: 'count' },
    read: ({ meter }) => meter.active,
  }),
  requests: counter({
    help: 'Requests and tunnels that were given to the backend, retries included.',
    metric: { name: 'evenkeel_backend_attempts_total' },
    cell: { column: 'Requests/s', format: 'count', words: '{} in all' },
    read: ({ meter }) => meter.requests,
  }),
  errors: counter({
    help: 'Requests that failed at the backend: no response, a broken one, status 502, 503, 504 or one of `retryOn`.',
    metric: { name: 'evenkeel_backend_errors_total' },
    cell: { column: 'Error rate', format: 'count', words: '{} in all' },
    read: ({ meter }) => meter.errors,
  }),
  cancelled: counter({
    help: 'Requests to the backend whose client left.',
    metric: { name: 'evenkeel_backend_cancelled_total' },
    read: ({ meter }) => meter.cancelled,
  }),
  rejected: counter({
    help: 'Requests that could not be sent to the backend as they were, through no fault of its own.',
    metric: { name: 'evenkeel_backend_rejected_total' },
    read: ({ meter }) => meter.rejected,
  }),
  statuses: counts<StatusClasses>({
    help: 'Responses of the backend, by the class of the status.',
    metric: { name: 'evenkeel_backend_requests_total', label: 'code' },
    read: ({ meter }) => meter.statuses.counts,
  }),
  spills: counter({
    help: 'Requests that went elsewhere because the backend on which their key lives was full.',
    metric: { name: 'evenkeel_spills_total' },
    cell: { column: 'Spills', format: 'count' },
    read: ({ engine }) => engine.spills,
  }),
  keys: gauge({
    help: 'Remembered keys that live on the backend.',
    metric: { name: 'evenkeel_backend_keys' },
    cell: { column: 'Keys at home', format: 'count' },
    read: ({ engine }) => engine.keys,
  }),
  share: gauge({
    help: 'Share of the key space whose home is the backend, 0 to 1; missing if the strategy has no homes.',
    merge: FIRST,
    metric: { name: 'evenkeel_backend_key_space_ratio' },
    cell: { column: 'Keys at home', format: 'percent', words: 'ring {}' },
    read: ({ engine }) => engine.share,
  }),
  latency: latency({
    help: 'From the head of a request to the last byte of its response, by backend.',
    metric: { name: 'evenkeel_backend_request_duration_seconds' },
    read: ({ meter }) => meter.latency.stats(),
  }),
};

/**
 * One backend, as operators see it; docs/figures.md describes each figure. Totals count from the moment that
 * the gateway knows the backend, and go on through reloads.
 */
export type GatewayBackendStats = StatsOf<typeof BACKEND_FIGURES>;
