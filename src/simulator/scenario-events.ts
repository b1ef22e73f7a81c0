// What may happen during a simulation.
import type { BackendGroup } from './backend-group.ts';

/** Something that happens during a run. */
export type ScenarioEvent =
  | CrashEvent
  | RestartEvent
  | SlowEvent
  | ErrorsEvent
  | JoinEvent
  | LeaveEvent
  | WeightEvent
  | DeployEvent
  | BurstEvent
  | HotKeyEvent
  | RetryStormEvent;

/** When an event begins. Either `at` or `atMs` is given. */
export interface EventTime {
  /** Share of the run, from 0 to 1. */
  readonly at?: number;
  /** Milliseconds since the start. */
  readonly atMs?: number;
}

/** How long an event lasts: to the end of the run if neither is given. */
export interface EventDuration {
  /** Share of the run, from 0 to 1. */
  readonly for?: number;
  /** Milliseconds. */
  readonly forMs?: number;
}

/** Names of backends, such as `b1`, or `'all'`. */
export type BackendNames = string | readonly string[];

/** Backends stop, and come back with a cold cache when the time is over. */
export interface CrashEvent extends EventTime, EventDuration {
  readonly type: 'crash';
  /** Which ones, such as `b1`, or `'all'`. */
  readonly backends: BackendNames;
  /**
   * `refuse`: they finish what they have and refuse the rest; `hang`: they accept requests and never respond;
   * `reset`: they lose what they have and refuse the rest.
   * @defaultValue `'reset'`
   */
  readonly how?: 'refuse' | 'hang' | 'reset';
}

/** Backends lose their cache and what they work on, and refuse connections until they have started. */
export interface RestartEvent extends EventTime {
  readonly type: 'restart';
  /** Which ones, such as `b1`, or `'all'`. */
  readonly backends: BackendNames;
  /** How long a start takes, in milliseconds. @defaultValue 2,000 */
  readonly downMs?: number;
}

/** Backends become slower. */
export interface SlowEvent extends EventTime, EventDuration {
  readonly type: 'slow';
  /** Which ones, such as `b1`, or `'all'`. */
  readonly backends: BackendNames;
  /** By which factor, above 0; below 1 they become faster. */
  readonly factor: number;
}

/** Backends respond with errors, at once. */
export interface ErrorsEvent extends EventTime, EventDuration {
  readonly type: 'errors';
  /** Which ones, such as `b1`, or `'all'`. */
  readonly backends: BackendNames;
  /** Share of requests, from 0 to 1. @defaultValue 1 */
  readonly ratio?: number;
  /** The status, 400 to 599. @defaultValue 503 */
  readonly status?: number;
}

/** New backends join the pool; their numbers follow those of the backends before. */
export interface JoinEvent extends EventTime {
  readonly type: 'join';
  /** How many, or groups of them. */
  readonly backends: number | readonly BackendGroup[];
}

/** Backends are removed from the pool, or drain: either way they finish what they have. */
export interface LeaveEvent extends EventTime, EventDuration {
  readonly type: 'leave' | 'drain';
  /** Which ones, such as `b1`, or `'all'`. */
  readonly backends: BackendNames;
}

/** Backends get another weight. */
export interface WeightEvent extends EventTime, EventDuration {
  readonly type: 'weight';
  /** Which ones, such as `b1`, or `'all'`. */
  readonly backends: BackendNames;
  /** The new weight, 0 to 1,000; with 0 it gets no requests. */
  readonly weight: number;
}

/** A rolling deployment: one backend after the other restarts. */
export interface DeployEvent extends EventTime {
  readonly type: 'deploy';
  /** Which ones, such as `b1`, or `'all'`. @defaultValue `'all'` */
  readonly backends?: BackendNames;
  /** Time between two restarts, in milliseconds. @defaultValue 3,000 */
  readonly everyMs?: number;
  /** How long a start takes, in milliseconds. @defaultValue 2,000 */
  readonly downMs?: number;
  /**
   * `drain`: the balancers are told before, and the backend restarts when it is idle, at the latest when half
   * of the time until the next restart is over; `finish`: it finishes what it has, and refuses the rest;
   * `kill`: it loses what it has.
   * @defaultValue `'finish'`
   */
  readonly how?: 'drain' | 'finish' | 'kill';
}

/** More requests come. */
export interface BurstEvent extends EventTime, EventDuration {
  readonly type: 'burst';
  /** By which factor, above 0; below 1 fewer come. */
  readonly factor: number;
}

/** A share of all requests asks for one key. */
export interface HotKeyEvent extends EventTime, EventDuration {
  readonly type: 'hot-key';
  /** From 0 to 1. */
  readonly share: number;
}

/** Clients send requests that failed again, at once and as new ones. */
export interface RetryStormEvent extends EventTime, EventDuration {
  readonly type: 'retry-storm';
  /** How often at most, 1 to 100. @defaultValue 3 */
  readonly retries?: number;
}
