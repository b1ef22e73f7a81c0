import type { BackendState, StrategyName } from '../../src/index.ts';
import { hitRate, type Latency } from './run/ledger.ts';
import type { Pass } from './run/pass.ts';
import type { Phase } from './run/phase.ts';
import { SEED } from './settings.ts';

/**
 * The whole demo in numbers: what `--json` prints. Shares are from 0 to 1; `null` stands where there is no such thing.
 */
export interface Report {
  readonly strategy: StrategyName;
  readonly seed: number;
  readonly requests: { readonly sent: number; readonly answered: number; readonly lost: number };
  /** Why requests of either pass were lost, the first few times. */
  readonly losses: readonly string[];
  readonly distinctKeys: number;
  readonly cache: CacheReport;
  readonly backends: readonly BackendReport[];
  readonly phases: readonly PhaseReport[];
  /** Both load bounds, held against every admission; `null` where none applies. */
  readonly bounds: { readonly factor: number; readonly admissions: number; readonly broken: number } | null;
  readonly comparison: Comparison;
  readonly tookMs: number;
}

/** Two strategies on the same part of the stream: its first `requests`. */
interface Comparison {
  readonly requests: number;
  readonly own: CacheReport;
  readonly other: CacheReport & { readonly strategy: StrategyName; readonly lost: number };
}

/** How well the caches served. */
export interface CacheReport {
  readonly hitRate: number | null;
  /** Pages that were in no cache and had to be made. */
  readonly misses: number;
  readonly latencyMs: Latency | null;
}

/** One backend, from the beginning. */
export interface BackendReport {
  readonly id: string;
  readonly state: BackendState;
  readonly requests: number;
  readonly share: number;
  readonly keysAtHome: number | null;
  readonly spills: number | null;
  readonly inFlight: number;
  readonly hitRate: number | null;
}

/** The time from one change of the pool to the next. */
export interface PhaseReport {
  readonly name: string;
  readonly requests: number;
  readonly hitRate: number | null;
  /** The backend that has most, over the mean. */
  readonly spread: { readonly requests: number | null; readonly keys: number | null };
  /** What the change at its beginning did to keys that had a home; `strayed` are those that moved between others. */
  readonly keys: {
    readonly moved: number;
    readonly strayed: number;
    readonly ideal: number;
    readonly planned: number | null;
  } | null;
}

/** Puts together what two passes over one stream have found. */
export function reportOn(pass: Pass, other: Pass, tookMs: number): Report {
  const { ledger, bounds } = pass;
  return {
    strategy: pass.strategy,
    seed: SEED,
    requests: { sent: pass.sent, answered: ledger.answered, lost: lostBy(pass) },
    losses: [...ledger.losses, ...other.ledger.losses].slice(0, 5),
    distinctKeys: pass.distinctKeys,
    cache: cacheReport(pass, pass.sent),
    backends: backendReports(pass),
    phases: pass.phases.map((phase) => phaseReport(phase, pass)),
    bounds:
      bounds.factor === null
        ? null
        : { factor: bounds.factor, admissions: bounds.checked, broken: bounds.broken },
    comparison: {
      requests: other.sent,
      own: cacheReport(pass, other.sent),
      other: { strategy: other.strategy, lost: lostBy(other), ...cacheReport(other, other.sent) },
    },
    tookMs: Math.round(tookMs),
  };
}

/** The backends of a pass as they stand at this moment. */
export function backendReports({ cluster, hasHomes }: Pass): BackendReport[] {
  const { backends } = cluster.loadbalancer.balancer.stats();
  const total = backends.reduce((sum, { requests }) => sum + requests, 0);
  return backends.map(({ id, state, requests, keys, spills, inFlight }) => ({
    id,
    state,
    requests,
    share: total === 0 ? 0 : requests / total,
    keysAtHome: hasHomes ? keys : null,
    spills: hasHomes ? spills : null,
    inFlight,
    hitRate: hitRate(cluster.backend(id)),
  }));
}

/** Requests that got no answer, or the wrong one. */
function lostBy({ sent, ledger }: Pass): number {
  return sent - ledger.answered;
}

function cacheReport({ ledger }: Pass, count: number): CacheReport {
  const tally = ledger.tally(0, count);
  return { hitRate: hitRate(tally), misses: tally.misses, latencyMs: ledger.latency(count) };
}

function phaseReport(phase: Phase, { ledger }: Pass): PhaseReport {
  return {
    name: phase.name,
    requests: phase.to - phase.from,
    hitRate: hitRate(ledger.tally(phase.from, phase.to)),
    spread: { requests: phase.requestSpread, keys: phase.keySpread },
    keys: phase.relocation,
  };
}
