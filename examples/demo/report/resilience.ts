import type { FailureKind } from '../run/attempts.ts';
import type { Pass } from '../run/pass.ts';
import type { Phase } from '../run/phase.ts';
import { ANSWER_WITHIN_MS } from '../run/resilience.ts';

/** How the load balancer coped with what its backends did. */
export interface ResilienceReport {
  /** Attempts that were made once more, on another backend. */
  readonly retries: number;
  /** Attempts that failed, by what was wrong. */
  readonly failures: Readonly<Record<FailureKind, number>>;
  readonly ejections: number;
  readonly faults: readonly FaultReport[];
}

/** One fault. Times are in milliseconds from its beginning. */
export interface FaultReport {
  readonly name: string;
  /** Attempts that failed on the backend. */
  readonly failures: number;
  /** The last of them: after that no request had to be sent twice. `null` where there was none. */
  readonly lastRetryMs: number | null;
  /** When the backend was taken out; `null` where it was not. */
  readonly foundMs: number | null;
  /** Whether its answers or its checks gave it away. */
  readonly foundBy: 'requests' | 'checks' | null;
}

export function resilienceReport(pass: Pass): ResilienceReport {
  const { cluster, stage } = pass;
  const retries = Object.values(cluster.loadbalancer.stats().failover?.retries ?? {});
  const failures = { refused: 0, broken: 0, timedOut: 0, status5xx: 0 };
  for (const { kind } of cluster.attempts.failed) failures[kind]++;
  const faults = stage.phases.filter(({ step }) => step?.kind === 'fault');
  return {
    retries: retries.reduce((sum, count) => sum + count, 0),
    failures,
    ejections: cluster.incidents.ejections,
    faults: faults.map((phase) => faultReport(pass, phase)),
  };
}

function faultReport({ cluster, stage: { phases } }: Pass, fault: Phase): FaultReport {
  const { attempts, incidents, loadbalancer } = cluster;
  const { name, step, beganAt } = fault;
  // What was sent before its end may fail as long after it as an answer may take.
  const until = (phases[phases.indexOf(fault) + 1]?.beganAt ?? Number.POSITIVE_INFINITY) + ANSWER_WITHIN_MS;
  const backend = step?.backend ?? '';
  const url = loadbalancer.balancer.backends.find(({ id }) => id === backend)?.url;
  const failed = attempts.failed.filter(({ origin, at }) => origin === url && at >= beganAt && at < until);
  const found = incidents.foundOut(backend, beganAt, until);
  const after = (at: number | undefined) => (at === undefined ? null : at - beganAt);
  return {
    name,
    failures: failed.length,
    lastRetryMs: after(failed.at(-1)?.at),
    foundMs: after(found?.at),
    foundBy: found === undefined ? null : found.type === 'ejected' ? 'requests' : 'checks',
  };
}
