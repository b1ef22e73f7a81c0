import type { RateLimitVerdict } from 'evenkeel';
import type {
  Command,
  ExplainQuery,
  GatewayExplanation,
  GatewayStats,
  ListeningAddress,
  RouteRateLimit,
} from '../contracts.ts';
import { ConfigError, ControlError } from '../errors.ts';
import type { SharedConfig } from './shared-config.ts';

/** What the primary asks of a worker. A worker does what changes it in the order in which it came. */
export type WorkerRequest =
  | {
      readonly type: 'start';
      readonly config: SharedConfig;
      /** Changes at run time that the configuration does not know of, oldest first. */
      readonly changes: readonly Command[];
    }
  | { readonly type: 'reload'; readonly config: SharedConfig }
  | { readonly type: 'change'; readonly command: Command }
  | { readonly type: 'stats' }
  | { readonly type: 'explain'; readonly query: ExplainQuery }
  /** Drain, then exit. */
  | { readonly type: 'close'; readonly graceMs: number | undefined };

/** What a worker answers to each of them. */
export interface WorkerReplies {
  readonly start: readonly ListeningAddress[];
  readonly reload: undefined;
  readonly change: undefined;
  readonly stats: GatewayStats;
  readonly explain: GatewayExplanation;
  /** Its last word; `undefined` where it had not started. */
  readonly close: GatewayStats | undefined;
}

/** From the primary to a worker. */
export interface Question {
  readonly id: number;
  readonly request: WorkerRequest;
}

/** From the primary to a worker that wanted a request counted. */
export interface Counted {
  /** The id that the worker gave. */
  readonly counted: number;
  readonly verdict: RateLimitVerdict;
}

/** An error on its way between processes. */
export type Failure =
  | { readonly type: 'config'; readonly problems: readonly string[] }
  | { readonly type: 'control'; readonly status: number; readonly message: string }
  | { readonly type: 'other'; readonly message: string };

/** From a worker to the primary: that it hears, an answer, that it had better be replaced, or a request to be counted. */
export type WorkerReport =
  | { readonly type: 'hello' }
  | { readonly type: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly type: 'faulty'; readonly reason: string }
  | { readonly type: 'count'; readonly id: number; readonly limit: RouteRateLimit; readonly key: string };

/** The primary, as a worker sees it. */
export interface PrimaryPort {
  /** @param done - is called when the message is out */
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
