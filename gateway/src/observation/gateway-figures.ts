// The table of a whole gateway's figures; see backend-figures.ts.
import { VERSION } from '../version.ts';
import type { StatusClasses } from './backend-meter.ts';
import type { GatewayEvent } from './event-log.ts';
import { type Figure, figuresOf, type StatsOf } from './figure.ts';
import { ANY, FIRST, sumCounts, type WorkerValues } from './merge.ts';
import { mergedEvents } from './merged-events.ts';
import { type GatewayPoolStats, POOL_FIGURES } from './pool-figures.ts';
import type { Totals } from './totals.ts';

/** Connections of clients, as the listeners count them. */
export interface ConnectionCounts {
  readonly open: number;
  readonly accepted: number;
  readonly refused: number;
}

/** What the figures of a gateway are read from. */
export interface GatewaySource {
  readonly startedAt: number;
  readonly isReady: boolean;
  readonly connections: ConnectionCounts;
  readonly tunnels: { readonly open: number; readonly total: number };
  readonly totals: Totals;
  readonly pools: readonly GatewayPoolStats[];
  readonly events: readonly GatewayEvent[];
}

const ofConnections = figuresOf<ConnectionCounts>();
const ofTunnels = figuresOf<GatewaySource['tunnels']>();
const ofTotals = figuresOf<Totals>();
const { text, flag, gauge, latency, group, list } = figuresOf<GatewaySource>();

/** Every class is there, also before the first request. */
const NO_STATUSES: StatusClasses = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };

const CONNECTION_FIGURES = {
  open: ofConnections.gauge({
    help: 'Open connections of clients.',
    metric: { name: 'evenkeel_connections' },
    read: ({ open }) => open,
  }),
  accepted: ofConnections.counter({
    help: 'Connections of clients that were accepted.',
    metric: { name: 'evenkeel_connections_accepted_total' },
    read: ({ accepted }) => accepted,
  }),
  refused: ofConnections.counter({
    help: 'Connections of clients that were closed at once because a limit was reached.',
    metric: { name: 'evenkeel_connections_refused_total' },
    read: ({ refused }) => refused,
  }),
};

const REQUEST_FIGURES = {
  total: ofTotals.counter({
    help: 'Requests of clients.',
    metric: { name: 'evenkeel_requests_received_total' },
    read: ({ requests }) => requests,
  }),
  inFlight: ofTotals.gauge({
    help: 'Requests in flight.',
    metric: { name: 'evenkeel_requests_in_flight' },
    read: ({ inFlight }) => inFlight,
  }),
  statuses: ofTotals.counts<StatusClasses>({
    help: 'Responses to clients, those of the gateway itself included, by the class of the status.',
    metric: { name: 'evenkeel_requests_total', label: 'code' },
    merge: { words: 'sum, with ended workers', fold: ({ all }) => sumCounts([NO_STATUSES, ...all]) },
    read: ({ statuses }) => statuses.counts,
  }),
  cancelled: ofTotals.counter({
    help: 'Requests whose client left before the end of the response.',
    metric: { name: 'evenkeel_requests_cancelled_total' },
    read: ({ cancelled }) => cancelled,
  }),
  rateLimited: ofTotals.counter({
    help: 'Requests that were refused by a rate limit.',
    metric: { name: 'evenkeel_rate_limited_total' },
    read: ({ rateLimited }) => rateLimited,
  }),
  errors: ofTotals.counts({
    help: 'Responses of the gateway itself, by the code of the error.',
    metric: { name: 'evenkeel_errors_total', label: 'code' },
    read: ({ errors }) => errors,
  }),
};

const TUNNEL_FIGURES = {
  open: ofTunnels.gauge({
    help: 'Open tunnels (WebSocket and other upgrades).',
    metric: { name: 'evenkeel_tunnels' },
    read: ({ open }) => open,
  }),
  total: ofTunnels.counter({
    help: 'Tunnels that were opened.',
    metric: { name: 'evenkeel_tunnels_opened_total' },
    read: ({ total }) => total,
  }),
};

const BYTE_FIGURES = {
  received: ofTotals.counter({
    help: 'Bytes of bodies and tunnels from clients.',
    metric: { name: 'evenkeel_received_bytes_total' },
    read: ({ bytesReceived }) => bytesReceived,
  }),
  sent: ofTotals.counter({
    help: 'Bytes of bodies and tunnels to clients.',
    metric: { name: 'evenkeel_sent_bytes_total' },
    read: ({ bytesSent }) => bytesSent,
  }),
};

const events: Figure<GatewaySource, readonly GatewayEvent[]> = {
  kind: 'list',
  help: 'The last events, oldest first, at most 100.',
  merge: {
    words: 'all, by time; the same event of several workers once',
    fold: ({ all }) => mergedEvents(all),
  },
  read: (source) => source.events,
};

/** The first worker's text; before there is one, that of this process. */
const firstOr = (own: string) => ({
  words: FIRST.words,
  fold: (values: WorkerValues<string>) => FIRST.fold(values) ?? own,
});

export const GATEWAY_FIGURES = {
  version: text<string>({
    help: 'Version of evenkeel-gateway.',
    merge: firstOr(VERSION),
    read: () => VERSION,
  }),
  node: text<string>({
    help: 'Version of Node.',
    merge: firstOr(process.versions.node),
    read: () => process.versions.node,
  }),
  workers: gauge<number>({
    help: 'Processes that serve.',
    metric: { name: 'evenkeel_workers' },
    read: () => 1,
  }),
  startedAt: gauge<number>({
    help: 'When the gateway started.',
    unit: 'ms since 1970',
    metric: { name: 'evenkeel_start_time_seconds' },
    merge: { words: 'smallest', fold: ({ all }) => Math.min(...all, Date.now()) },
    read: ({ startedAt }) => startedAt,
  }),
  ready: flag({
    help: '1 while the gateway takes requests, else 0.',
    metric: { name: 'evenkeel_ready' },
    merge: ANY,
    read: ({ isReady }) => isReady,
  }),
  connections: group(CONNECTION_FIGURES, 'Connections of clients.', ({ connections }) => connections),
  requests: group(REQUEST_FIGURES, 'Requests of clients.', ({ totals }) => totals),
  tunnels: group(TUNNEL_FIGURES, 'WebSocket and other upgrades.', ({ tunnels }) => tunnels),
  bytes: group(BYTE_FIGURES, 'Bytes of bodies and tunnels.', ({ totals }) => totals),
  latency: latency({
    help: 'From the head of a request to the last byte of its response.',
    metric: { name: 'evenkeel_request_duration_seconds' },
    read: ({ totals }) => totals.latency.stats(),
  }),
  pools: list(
    { table: POOL_FIGURES, key: 'name', help: 'Pools, in the order of the configuration.' },
    ({ pools }) => pools,
  ),
  events,
};

/** A gateway in numbers; docs/figures.md describes each figure. */
export type GatewayStats = StatsOf<typeof GATEWAY_FIGURES>;
