import type { BackendState, Explanation, FailoverStats, LeaseQueueStats, RateLimiter } from 'evenkeel';
import type { RateLimit } from 'evenkeel/rate-limit';
import type { GatewayConfigInput } from './config/schema.ts';

/** Where a listener ended up. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
  readonly protocol: 'http' | 'https';
}

/** The rate limit of a route. */
export interface RouteRateLimit extends RateLimit {
  /** What it is told apart by: route, whom it counts, and how much they may. */
  readonly name: string;
}

/** Makes whoever counts the requests of a route. */
export type RateLimiterFactory = (limit: RouteRateLimit) => RateLimiter;

/** A reverse proxy. */
export interface Gateway {
  /**
   * Opens every listener, or none.
   * @returns the addresses, in the order of the configuration; that of the admin listener, where there is one, at the end
   * @throws ConfigError where a listener cannot be opened, for example for a port that is in use
   */
  listen(): Promise<readonly ListeningAddress[]>;
  /**
   * Fails readiness, stops accepting, lets requests and tunnels end by themselves for a while, then ends them.
   * @param graceMs - how long; 0 for at once. @defaultValue `shutdown.graceMs` of the configuration
   */
  close(graceMs?: number): Promise<void>;
  /**
   * Takes another configuration, all of it or nothing: connections, leases and counters of backends that stay are kept.
   * @throws ConfigError where it is wrong, or changes what only a restart can change; the old one runs on
   */
  reload(config: GatewayConfigInput): Promise<void>;
  /** What happened so far. */
  stats(): GatewayStats;
  /** What the admin listener works with. */
  readonly control: Control;
}

/** Latencies from the arrival of a request's head to the end of its answer. */
export interface LatencyStats {
  readonly count: number;
  readonly sumMs: number;
  /** Medians and the like, in milliseconds, to about 6 %; `undefined` where there was no request. */
  readonly p50Ms: number | undefined;
  readonly p90Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** How many requests fell into each bucket: `[upper bound in ms, count]`, ascending, empty ones left out. */
  readonly buckets: readonly (readonly [upToMs: number, count: number])[];
}

/** One backend, as operators see it. Totals count since the gateway knows it, also through reloads. */
export interface GatewayBackendStats {
  readonly id: string;
  readonly url: string;
  readonly zone: string | undefined;
  readonly backup: boolean;
  readonly weight: number;
  readonly currentWeight: number;
  readonly state: BackendState;
  /** Whether it takes requests now. */
  readonly alive: boolean;
  /** Why its last health check failed. */
  readonly checkFailure: string | undefined;
  /** Requests and tunnels that it works on now. */
  readonly activeConnections: number;
  readonly requests: number;
  /** Requests that were its failure: no answer, a broken one, or 502, 503, 504. */
  readonly errors: number;
  /** Requests whose client left. */
  readonly cancelled: number;
  readonly spills: number;
  readonly keys: number;
  /** Share of the key space that is at home here, 0 to 1; `undefined` where the strategy knows no homes. */
  readonly share: number | undefined;
  /** Answers by the first digit of their status. */
  readonly statuses: Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx', number>>;
  readonly latency: LatencyStats;
}

/** One pool, as operators see it. */
export interface GatewayPoolStats {
  readonly name: string;
  readonly strategy: string;
  readonly fingerprint: string;
  readonly panic: boolean;
  readonly keys: number;
  readonly inFlight: number;
  readonly failover: FailoverStats | undefined;
  readonly queue: LeaseQueueStats | undefined;
  readonly backends: readonly GatewayBackendStats[];
}

/** Something that happened, for the list of last events. */
export interface GatewayEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `undefined` for what concerns the whole gateway. */
  readonly pool: string | undefined;
  /** For example `down`, `ejected`, `reloaded`. */
  readonly type: string;
  readonly backend: string | undefined;
  /** For people. */
  readonly message: string;
}

/** A gateway in numbers. */
export interface GatewayStats {
  readonly version: string;
  readonly node: string;
  /** Processes that serve. */
  readonly workers: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly ready: boolean;
  readonly connections: { readonly open: number; readonly accepted: number; readonly refused: number };
  readonly requests: {
    readonly total: number;
    readonly inFlight: number;
    /** Answers by the first digit of their status, those of the gateway itself included. */
    readonly statuses: Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx', number>>;
    /** Requests whose client left before the end of the answer. */
    readonly cancelled: number;
    /** Requests that were refused for their rate. */
    readonly rateLimited: number;
    /** Answers of the gateway itself, by their code. */
    readonly errors: Readonly<Record<string, number>>;
  };
  readonly tunnels: { readonly open: number; readonly total: number };
  /** Bytes of bodies and tunnels: from clients and to clients. */
  readonly bytes: { readonly received: number; readonly sent: number };
  readonly latency: LatencyStats;
  readonly pools: readonly GatewayPoolStats[];
  /** The last ones, oldest first, at most 100. */
  readonly events: readonly GatewayEvent[];
}

/** A request as `explain` takes it. */
export interface ExplainQuery {
  /** Path with its query. */
  readonly path: string;
  readonly host?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly clientAddress?: string | undefined;
}

/** Where a request would go, and why. */
export interface GatewayExplanation {
  /** `undefined` where no route fits. */
  readonly route: { readonly host: string; readonly path: string; readonly pool: string } | undefined;
  readonly explanation: Explanation | undefined;
}

/** A change at run time. */
export type Command =
  | {
      readonly type: 'add';
      readonly pool: string;
      readonly backend: {
        readonly url: string;
        readonly id?: string;
        readonly weight?: number;
        readonly zone?: string;
        readonly backup?: boolean;
      };
    }
  | { readonly type: 'remove' | 'drain' | 'resume'; readonly pool: string; readonly backend: string }
  | { readonly type: 'weight'; readonly pool: string; readonly backend: string; readonly weight: number };

/** What the admin listener works with: one gateway, or all workers of one. */
export interface Control {
  stats(): Promise<GatewayStats>;
  explain(query: ExplainQuery): Promise<GatewayExplanation>;
  /**
   * Draining returns at once; whether it is done stands in the statistics.
   * @throws ControlError with status 404 for a pool or a backend that there is not, 409 for an id that is taken, 400 for a wrong value
   */
  change(command: Command): Promise<void>;
}

/** One line of the access log. */
export interface AccessRecord {
  readonly requestId: string;
  readonly method: string;
  /** Path without its query: that may hold secrets. */
  readonly path: string;
  readonly host: string;
  readonly protocol: string;
  readonly clientAddress: string;
  /** 499 where the client left. */
  readonly status: number;
  readonly pool: string | undefined;
  readonly backend: string | undefined;
  /** Backends that were tried. */
  readonly attempts: number;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** The code of the gateway's own error. */
  readonly code: string | undefined;
}

/** Where a gateway writes what it has to say. */
export interface GatewayLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Left out where nobody wants them. */
  readonly access?: ((record: AccessRecord) => void) | undefined;
}
