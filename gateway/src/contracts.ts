// The interfaces of the gateway: the gateway itself, its controls and its log.

import type { Explanation, Plan, RateLimiter } from 'evenkeel';
import type { DiscoveredBackend } from 'evenkeel/discovery';
import type { RateLimit } from 'evenkeel/rate-limit';
import type { GatewayConfigInput } from './config/schema.ts';
import type { GatewayStats } from './observation/gateway-figures.ts';
import type { GatewayPoolStats } from './observation/pool-figures.ts';

export type { GatewayBackendStats } from './observation/backend-figures.ts';
export type { GatewayEvent } from './observation/event-log.ts';
export type { AccessRecord, GatewayLog } from './observation/gateway-log.ts';
export type { LatencyStats } from './observation/latency-histogram.ts';
export type { GatewayPoolStats } from './observation/pool-figures.ts';
export type { GatewayStats };

/** The address of an open listener. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
  readonly protocol: 'http' | 'https';
}

/** The rate limit of a route. */
export interface RouteRateLimit extends RateLimit {
  /** Identifies the limit: route, key of clients, and number of requests. */
  readonly name: string;
}

/** Creates the rate limiter of a route. */
export type RateLimiterFactory = (limit: RouteRateLimit) => RateLimiter;

/** A reverse proxy. */
export interface Gateway {
  /**
   * Opens all listeners, or none.
   * @returns the addresses in the order of the configuration, then that of the admin listener, if there is
   * one
   * @throws ConfigError if a listener cannot be opened, for example because its port is in use
   */
  listen(): Promise<readonly ListeningAddress[]>;
  /**
   * Fails readiness, stops accepting connections, waits for requests and tunnels to end, then ends the
   * remaining ones.
   * @param graceMs - the longest wait in milliseconds; 0 ends them at once. @defaultValue `shutdown.graceMs`
   * of the configuration
   */
  close(graceMs?: number): Promise<void>;
  /**
   * Applies another configuration completely, or not at all. Backends that stay keep their connections,
   * leases and counters.
   * @throws ConfigError if it is invalid, or changes a setting that only a restart can change; the old one
   * stays in effect
   */
  reload(config: GatewayConfigInput): Promise<void>;
  /** The statistics so far. */
  stats(): GatewayStats;
  /** The controls of the gateway, which the admin listener uses. */
  readonly control: Control;
}

/** The request to be explained. */
export interface ExplainQuery {
  /** Path with query. */
  readonly path: string;
  readonly host?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly clientAddress?: string | undefined;
}

/** A route, and where it leads. */
export interface ExplainedRoute {
  readonly host: string;
  readonly path: string;
  /** The pool; `undefined` for a redirect. */
  readonly pool?: string | undefined;
  /** The URL of a redirect. */
  readonly redirect?: string | undefined;
}

/** The decision for a request, and the reasons. */
export interface GatewayExplanation {
  /** `undefined` if no route matches. */
  readonly route: ExplainedRoute | undefined;
  /** `undefined` if no route matches, and for a redirect. */
  readonly explanation: Explanation | undefined;
  /** The sources of the pool's backends, with state, version and age; none where no source tells of any. */
  readonly discovery?: GatewayPoolStats['discovery'];
  /** The fleet that shares the pool's keys; left out where there is none. */
  readonly fleet?: NonNullable<GatewayPoolStats['fleet']>;
  /** Number of the worker whose decision it is, in a gateway with several. */
  readonly worker?: number;
  /**
   * What each worker would choose, in a gateway with several: each has its own requests in flight and its own
   * memory of keys.
   */
  readonly workers?: readonly WorkerChoice[];
}

/** The backend that one worker would choose. */
export interface WorkerChoice {
  readonly worker: number;
  /** `undefined` if no backend may serve. */
  readonly picked: string | undefined;
}

/** A change of a pool, to be forecast. */
export interface PlanQuery {
  readonly pool: string;
  /** URLs of backends to add. */
  readonly add?: readonly string[];
  /** Ids of backends to remove. */
  readonly remove?: readonly string[];
  /** New weights by id. */
  readonly setWeight?: Readonly<Record<string, number>>;
}

/** A backend that registered. */
export interface RegisteredBackend extends Omit<DiscoveredBackend, 'address'> {
  readonly id: string;
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
  | {
      /** Registers a backend, or renews its registration. */
      readonly type: 'put';
      readonly pool: string;
      readonly backend: RegisteredBackend;
      /** When it ends, in milliseconds since 1970; left out: when it is removed. */
      readonly expiresAt?: number;
    }
  | { readonly type: 'remove' | 'drain' | 'resume'; readonly pool: string; readonly backend: string }
  | { readonly type: 'weight'; readonly pool: string; readonly backend: string; readonly weight: number };

/** The controls of a gateway, or of all its workers together; used by the admin listener. */
export interface Control {
  stats(): Promise<GatewayStats>;
  explain(query: ExplainQuery): Promise<GatewayExplanation>;
  /**
   * Which share of the keys a change would give another home.
   * @throws ControlError with status 404 for an unknown pool, 400 for a change that does not fit, or a pool
   * whose keys have no homes
   */
  plan(query: PlanQuery): Promise<Plan>;
  /**
   * A drain returns at once; the statistics show when it is complete.
   * @throws ControlError with status 404 for an unknown pool or backend, 409 for an id in use, 400 for an
   * invalid value
   */
  change(command: Command): Promise<void>;
}
