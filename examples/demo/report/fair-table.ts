// The fair table: the very requests of the demo, at the same rate and with the same faults, for every
// strategy. They are simulated with the engine as it is, as more passes over real sockets would take too
// long.

import type { StrategyName } from 'evenkeel';
import { type ContenderName, type ScenarioEvent, simulate } from 'evenkeel/simulator';
import { workMs } from '../../backends/shop/catalogue.ts';
import type { Pass } from '../run/pass.ts';
import { CACHED_PAGES, FIRST_FOUR, REQUESTS_PER_SECOND, SEED } from '../settings.ts';
import { ANSWER_WITHIN_MS, EJECTION, HEALTH, RETRIES, SLOW_START_MS } from '../ways/protections.ts';

/** A strategy in the fair table. Shares are from 0 to 1. */
export interface FairRow {
  readonly strategy: string;
  readonly hitRate: number | null;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly retries: number;
  /** What the busiest backend got, over its share. */
  readonly mostOverMean: number;
  /** Share of the keys that changed their backend. */
  readonly keysMoved: number;
  /** Share of the requests that went elsewhere because their key's owner was at its limit. */
  readonly spills: number;
}

/** The fair table. */
export interface FairTable {
  /** Requests that every strategy got. */
  readonly requests: number;
  readonly rows: readonly FairRow[];
  /** For each column the strategies that are best, or within the spread of several placements of the best. */
  readonly best: Readonly<Record<string, readonly string[]>>;
}

const CLASSICS: readonly ContenderName[] = [
  'consistent-hash',
  'maglev',
  'least-connections',
  'power-of-two',
  'round-robin',
  'hash-mod-n',
];
/** The shop sends a cached page at once. */
const SPEED_UP = 50;
/** The shop makes pages side by side. */
const CONCURRENCY = 1_000;

/** Gives the requests that a pass sent to every strategy. */
export async function fairTable({ stream, sent, stage, strategy }: Pass): Promise<FairTable> {
  const gapMs = 1_000 / REQUESTS_PER_SECOND;
  const requests = stream.slice(0, sent).map(({ path, clientAddress = '' }, i) => {
    return { atMs: (i + 1) * gapMs, key: path, workMs: workMs(path), client: clientAddress };
  });
  const backends = { concurrency: CONCURRENCY, cache: { size: CACHED_PAGES, speedUp: SPEED_UP } };
  const { contenders, best } = await simulate({
    seed: SEED,
    requests,
    backends: [{ ...backends, count: FIRST_FOUR.length }],
    events: eventsOf(stage.stepsAt, sent * gapMs, gapMs, backends),
    settings: {
      timeoutMs: ANSWER_WITHIN_MS,
      failover: RETRIES,
      health: { intervalMs: HEALTH.intervalMs, timeoutMs: HEALTH.request.timeoutMs, ...HEALTH.thresholds },
      guards: { outlierEjection: EJECTION, slowStart: { windowMs: SLOW_START_MS } },
    },
    contenders: [...new Set<ContenderName>([strategy as StrategyName, ...CLASSICS])],
    measure: { placements: 3, warmUp: 0, points: 1 },
  });
  const rows = contenders.map(({ label, figures }): FairRow => {
    return {
      strategy: label,
      hitRate: figures.hits?.mean ?? null,
      medianMs: figures.p50Ms.mean,
      p99Ms: figures.p99Ms.mean,
      errors: figures.errors.mean,
      retries: figures.retries.mean,
      mostOverMean: figures.mostOverMean.mean,
      keysMoved: figures.keysMoved.mean,
      spills: figures.spills.mean,
    };
  });
  return { requests: sent, rows, best };
}

/** The steps of the demo, as events: `b2` is beta, the one that fails. */
function eventsOf(
  stepsAt: readonly number[],
  durationMs: number,
  gapMs: number,
  joining: { readonly concurrency: number; readonly cache: { readonly size: number } },
): ScenarioEvent[] {
  const [refuses, restarts, hangs, wakes, fails, repaired, joins] = stepsAt.map((index) => index * gapMs);
  const span = (from: number, until = durationMs) => ({ atMs: from, forMs: Math.max(1, until - from) });
  return [
    ...(refuses === undefined
      ? []
      : [{ type: 'crash', backends: 'b2', how: 'refuse', ...span(refuses, restarts) } as const]),
    ...(hangs === undefined
      ? []
      : [{ type: 'crash', backends: 'b2', how: 'hang', ...span(hangs, wakes) } as const]),
    // A 500 counts as a failure in the demo; in a simulation a 503 does.
    ...(fails === undefined
      ? []
      : [{ type: 'errors', backends: 'b2', status: 503, ...span(fails, repaired) } as const]),
    ...(joins === undefined ? [] : [{ type: 'join', backends: [joining], atMs: joins } as const]),
  ];
}
