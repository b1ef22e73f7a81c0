// Messages between the primary process and its workers.
import type { Plan, RateLimitVerdict } from 'evenkeel';
import type { Claim, Held } from 'evenkeel/fleet';
import type {
  Command,
  ExplainQuery,
  GatewayExplanation,
  GatewayStats,
  ListeningAddress,
  PlanQuery,
  RouteRateLimit,
} from '../contracts.ts';
import { ConfigError, ControlError } from '../errors.ts';
import type { SharedConfig } from './shared-config.ts';

/** A request of the primary to a worker. A worker makes changes in the order of their requests. */
export type WorkerRequest =
  | {
      readonly type: 'start';
      /** The number of the worker, from 1. */
      readonly worker: number;
      readonly config: SharedConfig;
      /** Changes at run time that are not in the configuration, oldest first. */
      readonly changes: readonly Command[];
    }
  | { readonly type: 'reload'; readonly config: SharedConfig }
  | { readonly type: 'change'; readonly command: Command }
  | { readonly type: 'stats' }
  | { readonly type: 'explain'; readonly query: ExplainQuery }
  | { readonly type: 'plan'; readonly query: PlanQuery }
  /** Drain, then exit. */
  | { readonly type: 'close'; readonly graceMs: number | undefined };

/** The reply of a worker to each request. */
export interface WorkerReplies {
  readonly start: readonly ListeningAddress[];
  readonly reload: undefined;
  readonly change: undefined;
  readonly stats: GatewayStats;
  readonly explain: GatewayExplanation;
  readonly plan: Plan;
  /** Its last statistics; `undefined` if it had not started. */
  readonly close: GatewayStats | undefined;
}

/** From the primary to a worker. */
export interface Question {
  readonly id: number;
  readonly request: WorkerRequest;
}

/** From the primary to a worker that asked for a request to be counted. */
export interface Counted {
  /** The id of the request to count. */
  readonly counted: number;
  readonly verdict: RateLimitVerdict;
}

/** From the primary to a worker that asked it as the store of a fleet. */
export interface FleetAnswer {
  /** The id of the question. */
  readonly answered: number;
  readonly held: readonly Held[];
}

/** From the primary to a worker: what another one, or itself, has written. */
export interface FleetNews {
  readonly space: string;
  readonly held: readonly Held[];
}

/** All that the primary sends. */
export type FromPrimary = Question | Counted | FleetAnswer | FleetNews;

/** An error on its way between processes. */
export type Failure =
  | { readonly type: 'config'; readonly problems: readonly string[] }
  | { readonly type: 'control'; readonly status: number; readonly message: string }
  | { readonly type: 'other'; readonly message: string };

/**
 * From a worker to the primary: it is listening, a reply, it should be replaced, a request to count, or what
 * it shares.
 */
export type WorkerReport =
  | { readonly type: 'hello' }
  | { readonly type: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly type: 'faulty'; readonly reason: string }
  | { readonly type: 'count'; readonly id: number; readonly limit: RouteRateLimit; readonly key: string }
  | {
      readonly type: 'claim';
      readonly id: number;
      readonly space: string;
      readonly claims: readonly Claim[];
      readonly ttlMs: number;
    }
  | {
      readonly type: 'put';
      readonly id: number;
      readonly space: string;
      readonly held: readonly Held[];
      readonly ttlMs: number;
    }
  | { readonly type: 'load'; readonly id: number; readonly space: string }
  | { readonly type: 'listen' | 'leave'; readonly space: string };

/** The primary, as a worker sees it. */
export interface PrimaryPort {
  /** @param done - called when the message was sent */
  send(report: WorkerReport, done?: () => void): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** An error as a message. */
export function toFailure(error: unknown): Failure {
  if (error instanceof ConfigError) return { type: 'config', problems: error.problems };
  if (error instanceof ControlError) return { type: 'control', status: error.status, message: error.message };
  return { type: 'other', message: error instanceof Error ? error.message : String(error) };
}

/** The error that a message stands for. */
export function fromFailure(failure: Failure): Error {
  if (failure.type === 'config') return new ConfigError(failure.problems);
  if (failure.type === 'control') return new ControlError(failure.status, failure.message);
  return new Error(failure.message);
}
