import type { StrategyName } from 'evenkeel';
import { hitRate, type Latency } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';
import { SEED } from '../settings.ts';
import type { Addresses, Admissions } from '../ways/way.ts';
import { type BackendReport, backendReports } from './backends.ts';
import { type PhaseReport, phaseReports } from './phases.ts';
import { type ResilienceReport, resilienceReport } from './resilience.ts';

/**
 * The whole demo in numbers: what `--json` prints. Shares are from 0 to 1; `null` stands where there is no
 * such thing.
 */
export interface Report {
  /**
   * Where the gateway is reached as long as the demo runs; `null` where the load balancer was injected into
   * the client.
   */
  readonly addresses: Addresses | null;
  readonly strategy: StrategyName;
  readonly seed: number;
  /** A request is lost where its client gets an error, or anything but a page. */
  readonly requests: { readonly sent: number; readonly answered: number; readonly lost: number };
  /** Why requests of either pass were lost, the first few times. */
  readonly losses: readonly string[];
  readonly distinctKeys: number;
  readonly cache: CacheReport;
  readonly resilience: ResilienceReport;
  readonly backends: readonly BackendReport[];
  readonly phases: readonly PhaseReport[];
  /** `null` where keys have no homes. */
  readonly bounds: BoundsReport | null;
  readonly comparison: Comparison;
  readonly tookMs: number;
}

/** What bounds the load of a backend. */
interface BoundsReport {
  /** To how many times its fair share a new key may bring a backend. */
  readonly factor: number;
  /**
   * How often both load bounds held and did not hold; `null` where the gateway admits, which does so out of
   * sight.
   */
  readonly admissions: Admissions | null;
}

/** Two strategies on the same part of the stream: its first `requests`. */
interface Comparison {
  readonly requests: number;
  readonly own: CacheReport;
  readonly other: CacheReport & { readonly strategy: StrategyName; readonly lost: number };
}

/** How well the caches served. */
interface CacheReport {
  readonly hitRate: number | null;
  /** Pages that were in no cache and had to be made. */
  readonly misses: number;
  readonly latencyMs: Latency | null;
}

/** Puts together what two passes over one stream have found. */
export function reportOn(pass: Pass, other: Pass, tookMs: number): Report {
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
    tookMs: Math.round(tookMs),
  };
}

/** Requests that got no answer, or the wrong one. */
function lostBy({ sent, ledger }: Pass): number {
  return sent - ledger.answered;
}

function cacheReport({ ledger }: Pass, count: number): CacheReport {
  const tally = ledger.tally(0, count);
  return { hitRate: hitRate(tally), misses: tally.misses, latencyMs: ledger.latency(count) };
}
