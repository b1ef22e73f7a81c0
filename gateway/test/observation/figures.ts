import { type BackendStats, Balancer, type Plan } from 'evenkeel';
import type {
  Command,
  Control,
  ExplainQuery,
  GatewayBackendStats,
  GatewayExplanation,
  GatewayPoolStats,
  GatewayStats,
  LatencyStats,
  PlanQuery,
} from '../../src/contracts.ts';
import { BACKEND_FIGURES, type BackendSource } from '../../src/observation/backend-figures.ts';
import { BackendMeter } from '../../src/observation/backend-meter.ts';
import { readFigures } from '../../src/observation/figure.ts';
import { LatencyHistogram } from '../../src/observation/latency-histogram.ts';

/** What a histogram says of some latencies. */
export function latencyOf(...latenciesMs: number[]): LatencyStats {
  const histogram = new LatencyHistogram();
  for (const ms of latenciesMs) histogram.record(ms);
  return histogram.stats();
}

/** What the figures of a new backend are read from. */
export function backendSource(id: string): BackendSource {
  const [engine] = new Balancer([{ url: 'http://10.0.0.1', id }]).stats().backends as [BackendStats];
  return { engine, meter: new BackendMeter(), isPanic: false, checkFailure: undefined };
}

/** A backend that has done nothing. */
export function newBackendStats(
  id: string,
  overrides: Partial<GatewayBackendStats> = {},
): GatewayBackendStats {
  return { ...readFigures(BACKEND_FIGURES, backendSource(id)), ...overrides };
}

/** A backend that has been busy. */
export function backendStats(id: string, overrides: Partial<GatewayBackendStats> = {}): GatewayBackendStats {
  return newBackendStats(id, {
    url: id,
    activeConnections: 2,
    requests: 10,
    errors: 1,
    cancelled: 3,
    spills: 4,
    keys: 5,
    share: 0.5,
    statuses: { '2xx': 6, '3xx': 0, '4xx': 1, '5xx': 1 },
    latency: latencyOf(1, 20, 40_000),
    lastStateChangeAt: 1_700_000_000_000,
    downSeconds: 7.5,
    ...overrides,
  });
}

export function poolStats(
  name: string,
  backends: readonly GatewayBackendStats[],
  overrides: Partial<GatewayPoolStats> = {},
): GatewayPoolStats {
  return {
    name,
    strategy: 'consistent-hash',
    fingerprint: 'f00d',
    crisis: false,
    panic: false,
    fleet: {
      connected: true,
      keys: 30,
      waiting: 1,
      calls: 12,
      failures: 2,
      seen: 2,
      differing: 1,
      adopted: 7,
      checks: {
        connected: true,
        members: 5,
        strangers: 0,
        own: 1,
        alone: 0,
        disputed: 0,
        ageMs: 1_250,
      },
      gateways: [
        {
          gateway: 'one:8080',
          own: true,
          processes: 1,
          fingerprint: 'f00d',
          backends: 3,
          difference: undefined,
        },
        {
          gateway: 'two:8080',
          own: false,
          processes: 4,
          fingerprint: 'beef',
          backends: 2,
          difference: 'lacks c',
        },
      ],
    },
    discovery: [
      {
        source: 'redis shop',
        state: 'current',
        epoch: 'e1',
        version: '12',
        ageMs: 1_500,
        backends: 3,
        held: 0,
        snapshots: 12,
        refused: 1,
        errors: 2,
        trouble: undefined,
      },
    ],
    keys: 7,
    inFlight: 4,
    failover: {
      retries: { status: 1, error: 2, unsent: 3, trial: 4 },
      declined: { method: 4, exhausted: 5, budget: 6 },
    },
    queue: {
      depth: 1,
      served: 2,
      timedOut: 3,
      cancelled: 4,
      abandoned: 5,
      refused: 6,
      waitMs: { sum: 1_500, max: 900 },
    },
    backends,
    ...overrides,
  };
}

export function gatewayStats(overrides: Partial<GatewayStats> = {}): GatewayStats {
  return {
    version: '1.2.3',
    node: '20.20.0',
    workers: 1,
    startedAt: 1_700_000_000_000,
    ready: true,
    connections: { open: 3, accepted: 30, refused: 2 },
    requests: {
      total: 40,
      inFlight: 4,
      statuses: { '2xx': 20, '3xx': 5, '4xx': 6, '5xx': 4 },
      cancelled: 1,
      rateLimited: 2,
      errors: { ERR_GW_NO_ROUTE: 2 },
    },
    tunnels: { open: 1, total: 9 },
    bytes: { received: 1_000, sent: 2_000 },
    latency: latencyOf(1, 20, 40_000),
    pools: [poolStats('shop', [backendStats('http://10.0.0.1:80'), backendStats('http://10.0.0.2:80')])],
    events: [],
    ...overrides,
  };
}

/** A control that notes what it is asked, and answers as it is told. */
export class FakeControl implements Control {
  figures = gatewayStats();
  explained: GatewayExplanation = { route: undefined, explanation: undefined };
  /** Thrown by all calls where it is there. */
  failure: unknown;
  readonly queries: ExplainQuery[] = [];
  readonly plans: PlanQuery[] = [];
  readonly commands: Command[] = [];

  async stats(): Promise<GatewayStats> {
    return this.#answer(this.figures);
  }

  async explain(query: ExplainQuery): Promise<GatewayExplanation> {
    this.queries.push(query);
    return this.#answer(this.explained);
  }

  async plan(query: PlanQuery): Promise<Plan> {
    this.plans.push(query);
    return this.#answer({ moved: 0, exact: true, rescaled: false, moves: [], shares: [] });
  }

  async change(command: Command): Promise<void> {
    this.commands.push(command);
    return this.#answer(undefined);
  }

  #answer<T>(value: T): T {
    if (this.failure !== undefined) throw this.failure;
    return value;
  }
}
