import type { FailoverStats } from 'evenkeel';
import type { Pass } from '../run/pass.ts';
import type { Phase } from '../run/phase.ts';
import { foundOut } from '../run/watch.ts';
import { LATEST_FAILURE_MS } from '../ways/protections.ts';

/** How the load balancer coped with what its backends did. */
export interface ResilienceReport {
  /** Attempts that failed. */
  readonly failures: number;
  /** Attempts that were made once more, on another backend, by what was wrong with the one before. */
  readonly retries: FailoverStats['retries'];
  readonly ejections: number;
  readonly faults: readonly FaultReport[];
}

/** One fault. Times are in milliseconds from its beginning. */
export interface FaultReport {
  readonly name: string;
  /** Attempts that failed on the backend. */
  readonly failures: number;
  /**
   * When the last of them was seen: after that no request had to be sent twice. `null` where there was none.
   */
  readonly lastFailureMs: number | null;
  /** When the backend was taken out; `null` where it was not. */
  readonly foundMs: number | null;
  /** Whether its answers or its checks gave it away. */
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
  // What was sent before its end may fail as long after it as an answer may take.
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
