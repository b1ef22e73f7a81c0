// The door of health checks to those who decide which backends are checked here, and what follows.

import type { WorkloadReport } from '../balancer/workload.ts';
import type { Backend } from '../strategies/strategy.ts';

/** What is known of a backend by checks. */
export type CheckState = 'up' | 'down' | 'unknown';

/** What a check here has found, with those before it. */
export interface Judgement {
  readonly state: CheckState;
  /** Whether the last results contradict the state, but too few of them to change it. */
  readonly isUnclear: boolean;
  /** Why the last check failed; `undefined` if it succeeded. */
  readonly failure: string | undefined;
  /** Of the last response; `undefined` without one. */
  readonly status: number | undefined;
  /** The load that it reported. */
  readonly report: WorkloadReport | undefined;
}

/** Decides for a {@link HealthChecker}. */
export interface CheckGuide {
  /** A backend is to be checked. */
  added(backend: Backend): void;
  removed(id: string): void;
  /** A check here has ended. Nothing follows from it but what the guide applies. */
  judged(backend: Backend, judgement: Judgement): void;
}

/** What a guide can do. */
export interface GuidedChecks {
  /** What is asked for and when it fails, as text: equal texts are equal checks, but for functions. */
  readonly definition: string;
  readonly paceMs: { readonly interval: number; readonly fastInterval: number; readonly timeout: number };
  /** Failures in a row that mark a backend down. */
  readonly fall: number;
  /** Whether a backend is checked here, from so many milliseconds on. An ejected one always is. */
  setOwn(id: string, isOwn: boolean, delayMs: number): void;
  /** Checks a backend at once, if it is checked here. */
  hurry(id: string): void;
  /** Marks a backend. */
  apply(id: string, state: 'up' | 'down', failure: string | undefined): void;
  /** Takes a load that a backend reported to another checker. */
  report(id: string, report: WorkloadReport): void;
  /** From now on all backends are checked here, and their results decide. */
  end(): void;
}
