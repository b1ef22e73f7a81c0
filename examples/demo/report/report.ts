import type { StrategyName } from 'evenkeel';
import { hitRate, type Latency } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';
import { SEED } from '../settings.ts';
import type { Addresses, Admissions } from '../ways/way.ts';
import { type BackendReport, backendReports } from './backends.ts';
import type { FairTable } from './fair-table.ts';
import { type PhaseReport, phaseReports } from './phases.ts';
import { type ResilienceReport, resilienceReport } from './resilience.ts';

/**
 * The results of the demo: the output of `--json`. Shares are from 0 to 1; `null` means "not applicable".
 */
export interface Report {
  /**
   * The addresses of the gateway while the demo runs; `null` if the load balancer was injected into the
   * client.
   */
  readonly addresses: Addresses | null;
  readonly strategy: StrategyName;
  readonly seed: number;
  /** Lost requests: their clients got an error, or anything but a page. */
  readonly requests: { readonly sent: number; readonly answered: number; readonly lost: number };
  /** Reasons of lost requests of both passes, the first few. */
  readonly losses: readonly string[];
  readonly distinctKeys: number;
  readonly cache: CacheReport;
  readonly resilience: ResilienceReport;
  readonly backends: readonly BackendReport[];
  readonly phases: readonly PhaseReport[];
  /** `null` if keys have no homes. */
  readonly bounds: BoundsReport | null;
  readonly comparison: Comparison;
  /** Every strategy on the same requests, simulated. */
  readonly fair: FairTable;
  readonly tookMs: number;
}

/** The bounds on the load of a backend. */
interface BoundsReport {
  /** How many times its fair share of keys a backend may have when it gets a new key. */
  readonly factor: number;
  /**
   * How often the bounds held and did not hold; `null` with a gateway, whose admissions cannot be observed.
   */
  readonly admissions: Admissions | null;
}

/** Two strategies on the same part of the stream: its first `requests`. */
interface Comparison {
  readonly requests: number;
  readonly own: CacheReport;
  readonly other: CacheReport & { readonly strategy: StrategyName; readonly lost: number };
}

/** The results of the caches. */
interface CacheReport {
  readonly hitRate: number | null;
  /** Pages that were not cached and had to be made. */
  readonly misses: number;
  readonly latencyMs: Latency | null;
}

/** Creates the report of two passes over one stream. */
export function reportOn(pass: Pass, other: Pass, fair: FairTable, tookMs: number): Report {
  const { ledger, cluster, keys } = pass;
  return {
    addresses: cluster.way.addresses,
    strategy: pass.strategy,
    seed: SEED,
    requests: { sent: pass.sent, answered: ledger.answered, lost: lostBy(pass) },
    losses: [...ledger.losses, ...other.ledger.losses].slice(0, 5),
    distinctKeys: keys.samples.length,
    cache: cacheReport(pass, pass.sent),
    resilience: resilienceReport(pass),
    backends: backendReports(pass),
    phases: phaseReports(pass),
    bounds:
      keys.boundFactor === null ? null : { factor: keys.boundFactor, admissions: cluster.way.admissions },
    comparison: {
      requests: other.sent,
      own: cacheReport(pass, other.sent),
      other: { strategy: other.strategy, lost: lostBy(other), ...cacheReport(other, other.sent) },
    },
    fair,
    tookMs: Math.round(tookMs),
  };
}

/** Requests that got no response, or a wrong one. */
function lostBy({ sent, ledger }: Pass): number {
  return sent - ledger.answered;
}

function cacheReport({ ledger }: Pass, count: number): CacheReport {
  const tally = ledger.tally(0, count);
  return { hitRate: hitRate(tally), misses: tally.misses, latencyMs: ledger.latency(count) };
}
