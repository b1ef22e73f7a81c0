import type { GatewayStats } from '../contracts.ts';
import { durations, labelled, type MetricFamily, single } from './metric-family.ts';

/** What is told of a whole gateway. */
export const GATEWAY_FAMILIES: readonly MetricFamily<GatewayStats>[] = [
  {
    name: 'evenkeel_build_info',
    type: 'gauge',
    help: 'Always 1; the labels tell the versions.',
    samples: ({ version, node }) => [{ labels: { version, node }, value: 1 }],
  },
  single(
    'gauge',
    'evenkeel_start_time_seconds',
    'Start of the gateway in seconds since 1970.',
    (stats) => stats.startedAt / 1_000,
  ),
  single('gauge', 'evenkeel_workers', 'Processes that serve.', (stats) => stats.workers),
  single('gauge', 'evenkeel_ready', '1 while the gateway takes requests, else 0.', (stats) =>
    Number(stats.ready),
  ),
  single('gauge', 'evenkeel_connections', 'Open connections of clients.', (stats) => stats.connections.open),
  single(
    'counter',
    'evenkeel_connections_accepted_total',
    'Connections of clients that were taken.',
    (stats) => stats.connections.accepted,
  ),
  single(
    'counter',
    'evenkeel_connections_refused_total',
    'Connections of clients for which there was no room.',
    (stats) => stats.connections.refused,
  ),
  single(
    'counter',
    'evenkeel_requests_received_total',
    'Requests of clients.',
    (stats) => stats.requests.total,
  ),
  labelled(
    'counter',
    'evenkeel_requests_total',
    'Requests that were answered, by the class of the status.',
    'code',
    (stats) => stats.requests.statuses,
  ),
  single('gauge', 'evenkeel_requests_in_flight', 'Requests under way.', (stats) => stats.requests.inFlight),
  single(
    'counter',
    'evenkeel_requests_cancelled_total',
    'Requests whose client left before the end of the answer.',
    (stats) => stats.requests.cancelled,
  ),
  single(
    'counter',
    'evenkeel_rate_limited_total',
    'Requests that were refused for their rate.',
    (stats) => stats.requests.rateLimited,
  ),
  labelled(
    'counter',
    'evenkeel_errors_total',
    'Answers of the gateway itself, by the code of the error.',
    'code',
    (stats) => stats.requests.errors,
  ),
  single(
    'gauge',
    'evenkeel_tunnels',
    'Open tunnels (WebSocket and other upgrades).',
    (stats) => stats.tunnels.open,
  ),
  single(
    'counter',
    'evenkeel_tunnels_opened_total',
    'Tunnels that were opened.',
    (stats) => stats.tunnels.total,
  ),
  single(
    'counter',
    'evenkeel_received_bytes_total',
    'Bytes of bodies and tunnels from clients.',
    (stats) => stats.bytes.received,
  ),
  single(
    'counter',
    'evenkeel_sent_bytes_total',
    'Bytes of bodies and tunnels to clients.',
    (stats) => stats.bytes.sent,
  ),
  durations(
    'evenkeel_request_duration_seconds',
    'From the head of a request to the end of its answer.',
    (stats) => stats.latency,
  ),
];
