// The faults of a pass in the report.

import type { FailoverStats } from 'evenkeel';
import type { Pass } from '../run/pass.ts';
import type { Phase } from '../run/phase.ts';
import { foundOut } from '../run/watch.ts';
import { LATEST_FAILURE_MS } from '../ways/protections.ts';

/** How the load balancer handled the faults of its backends. */
export interface ResilienceReport {
  /** Attempts that failed. */
  readonly failures: number;
  /** Retries on another backend, by the reason of the failure before. */
  readonly retries: FailoverStats['retries'];
  readonly ejections: number;
  readonly faults: readonly FaultReport[];
}

/** A fault. Times are in milliseconds from its beginning. */
export interface FaultReport {
  readonly name: string;
  /** Attempts that failed on the backend. */
  readonly failures: number;
  /**
   * The time of the last failed attempt: after it no retry was needed. `null` if there was none.
   */
  readonly lastFailureMs: number | null;
  /** When the backend was taken out; `null` if it was not. */
  readonly foundMs: number | null;
  /** Whether its responses or its health checks revealed the fault. */
  readonly foundBy: 'requests' | 'checks' | null;
}

export function resilienceReport(pass: Pass): ResilienceReport {
  const { backends, retries, incidents } = pass.stats();
  const faults = pass.stage.phases.filter(({ step }) => step?.kind === 'fault');
  return {
    failures: backends.reduce((sum, { failures }) => sum + failures, 0),
    retries,
    ejections: incidents.filter(({ type }) => type === 'ejected').length,
    faults: faults.map((phase) => faultReport(pass, phase)),
  };
}

function faultReport(pass: Pass, fault: Phase): FaultReport {
  const { phases } = pass.stage;
  const { name, step, beganAt } = fault;
  const [end, next] = phases.slice(phases.indexOf(fault) + 1).map((phase) => phase.beganAt);
  // Requests that were sent before the end of the fault may fail later, by up to the time limit of a
  // response.
  const until = Math.min((end ?? Infinity) + LATEST_FAILURE_MS, next ?? Infinity);
  const backend = step?.backend ?? '';
  const failures = pass.watch.failuresOf(backend, beganAt, until);
  const found = foundOut(pass.stats(), backend, beganAt, until);
  const after = (at: number | undefined) => (at === undefined ? null : at - beganAt);
  return {
    name,
    failures: failures.count,
    lastFailureMs: after(failures.lastAt),
    foundMs: after(found?.at),
    foundBy: found === undefined ? null : found.type === 'ejected' ? 'requests' : 'checks',
  };
}
