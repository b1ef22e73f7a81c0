import type {
  GatewayBackendStats,
  GatewayExplanation,
  GatewayPoolStats,
  GatewayStats,
  LatencyStats,
} from '../../src/contracts.ts';
import { newBackendStats } from '../observation/figures.ts';

// 2 h 5 min and a half: the clocks of browser and server may differ by a little.
const STARTED_AT = Date.now() - 7_530_000;

export function latency(buckets: [number, number][] = []): LatencyStats {
  const count = buckets.reduce((sum, [, one]) => sum + one, 0);
  const [median] = buckets;
  const last = buckets.at(-1);
  return { count, sumMs: 0, p50Ms: median?.[0], p90Ms: last?.[0], p99Ms: last?.[0], buckets };
}

export function aBackend(id: string, overrides: Partial<GatewayBackendStats> = {}): GatewayBackendStats {
  return newBackendStats(id, { url: `http://${id}.test:8080`, share: undefined, ...overrides });
}

export function aPool(
  name: string,
  backends: readonly GatewayBackendStats[],
  overrides: Partial<GatewayPoolStats> = {},
): GatewayPoolStats {
  return {
    name,
    strategy: 'consistent-hash',
    fingerprint: '5f3a9c1e',
    crisis: false,
    panic: false,
    discovery: [],
    keys: 0,
    inFlight: 0,
    failover: undefined,
    queue: undefined,
    fleet: undefined,
    backends,
    ...overrides,
  };
}

export function aGateway(
  pools: readonly GatewayPoolStats[],
  overrides: Partial<GatewayStats> = {},
): GatewayStats {
  return {
    version: '0.1.0',
    node: 'v20.20.2',
    workers: 1,
    startedAt: STARTED_AT,
    ready: true,
    connections: { open: 0, accepted: 0, refused: 0 },
    requests: {
      total: 0,
      inFlight: 0,
      statuses: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
      cancelled: 0,
      rateLimited: 0,
      errors: {},
    },
    tunnels: { open: 0, total: 0 },
    bytes: { received: 0, sent: 0 },
    latency: latency(),
    pools,
    events: [],
    ...overrides,
  };
}

/** A fleet of which one gateway differs. */
export const aFleet: NonNullable<GatewayPoolStats['fleet']> = {
  connected: true,
  keys: 30,
  waiting: 0,
  calls: 4_211,
  failures: 2,
  seen: 3,
  differing: 1,
  adopted: 12,
  checks: { connected: true, members: 6, strangers: 1, own: 2, alone: 0, disputed: 1, ageMs: 900 },
  gateways: [
    {
      gateway: 'edge-1:8080',
      own: true,
      processes: 4,
      fingerprint: '5f3a9c1e08d2b477',
      backends: 4,
      difference: undefined,
    },
    {
      gateway: 'edge-2:8080',
      own: false,
      processes: 1,
      fingerprint: '5f3a9c1e08d2b477',
      backends: 4,
      difference: undefined,
    },
    {
      gateway: 'edge-3:8080',
      own: false,
      processes: 1,
      fingerprint: '0b71d4e2c95a6f38',
      backends: 3,
      difference: 'lacks d; b has weight 2, here weight 1',
    },
  ],
};

export function aSource(
  source: string,
  overrides: Partial<GatewayPoolStats['discovery'][number]> = {},
): GatewayPoolStats['discovery'][number] {
  return {
    source,
    state: 'current',
    epoch: '1k2j',
    version: '17',
    ageMs: 2_100,
    backends: 4,
    held: 0,
    snapshots: 17,
    refused: 0,
    errors: 0,
    trouble: undefined,
    ...overrides,
  };
}

/** Sources in every state that there is. */
const SOURCES = [
  aSource('redis shop'),
  aSource('dns shop.internal', { state: 'holding', held: 3, refused: 1 }),
  aSource('kubernetes shop', {
    state: 'failing',
    ageMs: 754_000,
    errors: 31,
    trouble: 'the API answers with status 403',
  }),
  aSource('etcd shop', {
    state: 'starting',
    epoch: undefined,
    version: undefined,
    ageMs: undefined,
    backends: 0,
    snapshots: 0,
  }),
];

/** Backends in every state that there is. */
export function aMixedGateway() {
  const backends = [
    aBackend('a', { share: 0.4, keys: 812, requests: 1_234_567, activeConnections: 3 }),
    aBackend('b', { share: 0.3, state: 'down', alive: false, checkFailure: 'connect ECONNREFUSED' }),
    aBackend('c', { share: 0.2, state: 'draining', alive: false, activeConnections: 2, weight: 2 }),
    aBackend('d', { share: 0.1, state: 'barred', alive: false, errors: 7, zone: 'eu-1', backup: true }),
  ];
  const panicking = aPool('static', [aBackend('e', { weight: 2, currentWeight: 0.5 })], { panic: true });
  return aGateway(
    [aPool('shop', backends, { keys: 2_030, inFlight: 5, fleet: aFleet, discovery: SOURCES }), panicking],
    {
      workers: 2,
      connections: { open: 214, accepted: 9_999, refused: 1 },
      events: [
        {
          at: 1_700_000_000_000,
          pool: undefined,
          type: 'reloaded',
          backend: undefined,
          message: 'read again',
        },
        { at: 1_700_000_060_000, pool: 'shop', type: 'down', backend: 'b', message: 'b is down' },
      ],
    },
  );
}

/** Of a request that spills. */
export const explained: GatewayExplanation = {
  route: { host: '*', path: '/cart', pool: 'shop' },
  explanation: {
    key: '/cart?id=7',
    hash: 0xabcdef12,
    position: 0.671,
    strategy: 'consistent-hash',
    picked: 'a',
    owner: 'b',
    remembered: true,
    held: undefined,
    kept: undefined,
    spilled: true,
    trust: { asked: 'well', because: 'some backend is well' },
    crisis: false,
    trial: false,
    trials: [],
    panic: false,
    bounds: { factor: 1.25, z: 1, keys: 2_030, inFlight: 5 },
    candidates: [
      { id: 'a', verdict: 'picked', inFlight: 3, flightLimit: 5, keys: 812, keyLimit: 1_021 },
      {
        id: 'b',
        verdict: 'full 5/5',
        inFlight: 5,
        flightLimit: 5,
        keys: 9,
        keyLimit: Number.POSITIVE_INFINITY,
      },
    ],
  },
};
