import type { BackendState } from 'evenkeel';
import { hitRate } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';
import { weightShare } from '../run/watch.ts';

/** One backend, from the beginning. */
export interface BackendReport {
  readonly id: string;
  readonly state: BackendState;
  /** The share of its weight that counts now: 0 where it gets nothing, less than 1 while it is starting. */
  readonly weightShare: number;
  /** Attempts, retries included. */
  readonly requests: number;
  /** Attempts that failed here. */
  readonly failures: number;
  readonly share: number;
  readonly keysAtHome: number | null;
  readonly spills: number | null;
  readonly inFlight: number;
  readonly hitRate: number | null;
}

/** The backends of a pass as they stand at this moment. */
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
