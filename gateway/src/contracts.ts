import type { Explanation, RateLimiter } from 'evenkeel';
import type { RateLimit } from 'evenkeel/rate-limit';
import type { GatewayConfigInput } from './config/schema.ts';
import type { GatewayStats } from './observation/gateway-figures.ts';

export type { GatewayBackendStats } from './observation/backend-figures.ts';
export type { GatewayEvent } from './observation/event-log.ts';
export type { AccessRecord, GatewayLog } from './observation/gateway-log.ts';
export type { LatencyStats } from './observation/latency-histogram.ts';
export type { GatewayPoolStats } from './observation/pool-figures.ts';
export type { GatewayStats };

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
   * @returns the addresses, in the order of the configuration; that of the admin listener, where there is
   * one, at the end
   * @throws ConfigError where a listener cannot be opened, for example for a port that is in use
   */
  listen(): Promise<readonly ListeningAddress[]>;
  /**
   * Fails readiness, stops accepting, lets requests and tunnels end by themselves for a while, then ends
   * them.
   * @param graceMs - how long; 0 for at once. @defaultValue `shutdown.graceMs` of the configuration
   */
  close(graceMs?: number): Promise<void>;
  /**
   * Takes another configuration, all of it or nothing: connections, leases and counters of backends that stay
   * are kept.
   * @throws ConfigError where it is wrong, or changes what only a restart can change; the old one runs on
   */
  reload(config: GatewayConfigInput): Promise<void>;
  /** What happened so far. */
  stats(): GatewayStats;
  /** What the admin listener works with. */
  readonly control: Control;
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
   * @throws ControlError with status 404 for a pool or a backend that there is not, 409 for an id that is
   * taken, 400 for a wrong value
   */
  change(command: Command): Promise<void>;
}
