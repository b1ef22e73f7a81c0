import type { BackendState } from 'evenkeel';
import type { BackendSeries } from './backend-series.ts';
import { durations, labelled, type MetricFamily, single } from './metric-family.ts';

const STATES: readonly BackendState[] = ['up', 'down', 'draining', 'barred'];

/** What is told of each backend. */
export const BACKEND_FAMILIES: readonly MetricFamily<BackendSeries>[] = [
  single('gauge', 'evenkeel_backend_up', '1 while the backend takes requests, else 0.', ({ alive }) =>
    alive === undefined ? undefined : Number(alive),
  ),
  labelled(
    'gauge',
    'evenkeel_backend_state',
    '1 for the state that the backend is in, else 0.',
    'state',
    ({ state }) => {
      if (state === undefined) return undefined;
      return Object.fromEntries(STATES.map((one) => [one, Number(one === state)]));
    },
  ),
  single('gauge', 'evenkeel_backend_weight', 'Weight as configured.', (backend) => backend.weight),
  single(
    'gauge',
    'evenkeel_backend_current_weight',
    'Weight that counts now: less while the backend is starting.',
    (backend) => backend.currentWeight,
  ),
  single(
    'gauge',
    'evenkeel_backend_in_flight',
    'Requests and tunnels that the backend works on.',
    (backend) => backend.activeConnections,
  ),
  single(
    'gauge',
    'evenkeel_backend_keys',
    'Remembered keys that live on the backend.',
    (backend) => backend.keys,
  ),
  single(
    'gauge',
    'evenkeel_backend_key_space_ratio',
    'Share of the key space that is at home on the backend, 0 to 1.',
    (backend) => backend.share,
  ),
  single(
    'counter',
    'evenkeel_backend_attempts_total',
    'Requests and tunnels that were given to the backend, retries included.',
    (backend) => backend.requests,
  ),
  labelled(
    'counter',
    'evenkeel_backend_requests_total',
    'Requests that the backend has answered, by the class of the status.',
    'code',
    (backend) => backend.statuses,
  ),
  single(
    'counter',
    'evenkeel_backend_errors_total',
    'Requests that were the failure of the backend.',
    (backend) => backend.errors,
  ),
  single(
    'counter',
    'evenkeel_backend_cancelled_total',
    'Requests to the backend whose client left.',
    (backend) => backend.cancelled,
  ),
  single(
    'counter',
    'evenkeel_spills_total',
    'Requests that had to go elsewhere since the backend on which their key lives was full.',
    (backend) => backend.spills,
  ),
  durations(
    'evenkeel_backend_request_duration_seconds',
    'From the head of a request to the end of its answer, by backend.',
    (backend) => backend.latency,
  ),
];
