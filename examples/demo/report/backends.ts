// The figures of the backends in the report.

import type { BackendState } from 'evenkeel';
import { hitRate } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';
import { weightShare } from '../run/watch.ts';

/** The figures of one backend since the start. */
export interface BackendReport {
  readonly id: string;
  readonly state: BackendState;
  /** Its current share of its weight: 0 while it gets no requests, below 1 while it is starting. */
  readonly weightShare: number;
  /** Attempts, including retries. */
  readonly requests: number;
  /** Attempts that failed on it. */
  readonly failures: number;
  readonly share: number;
  readonly keysAtHome: number | null;
  readonly spills: number | null;
  readonly inFlight: number;
  readonly hitRate: number | null;
}

/** The current figures of all backends of a pass. */
export function backendReports(pass: Pass): BackendReport[] {
  const { cluster, hasHomes } = pass;
  const { backends } = pass.stats();
  const total = backends.reduce((sum, { requests }) => sum + requests, 0);
  return backends.map((backend) => {
    const { id, state, requests, failures, keys, spills, inFlight } = backend;
    return {
      id,
      state,
      weightShare: weightShare(backend),
      requests,
      failures,
      share: total === 0 ? 0 : requests / total,
      keysAtHome: hasHomes ? keys : null,
      spills: hasHomes ? spills : null,
      inFlight,
      hitRate: hitRate(cluster.backend(id).shop),
    };
  });
}
