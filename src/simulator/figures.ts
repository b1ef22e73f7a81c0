// From counts to figures: the row of a contender, its series over time, its distributions.
import type { BackendFigures, Figure, Figures, LatencyDistribution, Series } from './result.ts';
import type { Run } from './run.ts';
import type { SimulatedServer } from './simulated-server.ts';
import { type BackendTally, endOf, type SeriesSums, STEPS, type Tally } from './tally.ts';

/** The figures of one placement. */
type Row = { readonly [Name in keyof Figures]: number | null };

/** The mean of some numbers, the least and the most; `null` if there is none. */
function figureOf(values: readonly (number | null)[]): Figure | null {
  const known = values.filter((value) => value !== null && !Number.isNaN(value)) as number[];
  if (known.length === 0) return null;
  return { mean: meanOf(known), least: Math.min(...known), most: Math.max(...known) };
}

/** Backends with less of the mean are left out of a ratio. */
const LEAST_SHARE = 0.05;
const NOTHING: Figure = { mean: 0, least: 0, most: 0 };

/** The row of a contender, from its placements. */
export function figuresOf(runs: readonly Run[]): Figures {
  const rows = runs.map(rowOf);
  const of = (name: keyof Figures) => figureOf(rows.map((row) => row[name]));
  return {
    meanMs: of('meanMs') ?? NOTHING,
    p50Ms: of('p50Ms') ?? NOTHING,
    p99Ms: of('p99Ms') ?? NOTHING,
    p999Ms: of('p999Ms') ?? NOTHING,
    errors: of('errors') ?? NOTHING,
    retries: of('retries') ?? NOTHING,
    hits: of('hits'),
    mostOverMean: of('mostOverMean') ?? NOTHING,
    keysMoved: of('keysMoved') ?? NOTHING,
    spills: of('spills') ?? NOTHING,
  };
}

function rowOf({ tally, fair }: Run): Row {
  const { answered, requests, errors, retries, spills, keysMoved } = tally;
  const latencies = tally.latencies.slice(0, answered).sort();
  const at = (share: number) => latencies[Math.ceil(share * answered) - 1] ?? null;
  let sum = 0;
  for (const latency of latencies) sum += latency;
  const share = (count: number) => (requests === 0 ? null : count / requests);
  return {
    meanMs: answered === 0 ? null : sum / answered,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    errors: share(errors),
    retries: share(retries),
    hits: hitsOf(tally.backends),
    mostOverMean: mostOverFair(tally, fair),
    keysMoved,
    spills: share(spills),
  };
}

function hitsOf(backends: readonly BackendTally[]): number | null {
  let looked = 0;
  let hits = 0;
  for (const backend of backends) {
    looked += backend.looked;
    hits += backend.hits;
  }
  return looked === 0 ? null : hits / looked;
}

/** What the busiest backend got, over what would be its share by its weight while it was in the pool. */
function mostOverFair({ backends }: Tally, fair: Float64Array): number | null {
  const mean = fair.reduce((sum, own) => sum + own, 0) / fair.length;
  const ratios = backends.flatMap(({ attempts }, i) => {
    const own = fair[i] as number;
    // In the pool for a moment, it shows chance alone.
    return own < LEAST_SHARE * mean || own === 0 ? [] : [attempts / own];
  });
  return ratios.length === 0 ? null : Math.max(...ratios);
}

/** The series of a contender. @param placements - how many runs the sums are of */
export function seriesOf(sums: SeriesSums, placements: number, hasCaches: boolean): Series {
  const { points, pointMs, requests, backends } = sums;
  const list = <T>(of: (point: number) => T) => Array.from({ length: points }, (_, point) => of(point));
  const ratio = (part: Float64Array, whole: Float64Array) =>
    list((point) => quotient(part[point] as number, whole[point] as number));
  const answered = requests.map((count, point) => count - (sums.errors[point] as number));
  const attempts = list((point) => {
    let sum = 0;
    for (let i = 0; i < backends; i++) sum += sums.attempts[point * backends + i] as number;
    return sum;
  });
  return {
    atMs: list((point) => point * pointMs),
    perSecond: list((point) => ((requests[point] as number) / placements / pointMs) * 1_000),
    meanMs: ratio(sums.latencyMs, answered),
    p50Ms: list((point) => quantile(sums.steps, point, answered[point] as number, 0.5)),
    p99Ms: list((point) => quantile(sums.steps, point, answered[point] as number, 0.99)),
    errors: ratio(sums.errors, requests),
    retries: ratio(sums.retries, requests),
    hits: hasCaches ? ratio(sums.hits, sums.looked) : list(() => null),
    mostOverMean: ratio(sums.ratios, sums.rated),
    spills: ratio(sums.spills, requests),
    moved: ratio(sums.moved, sums.seenAgain),
    shares: Array.from({ length: backends }, (_, i) =>
      list((point) => quotient(sums.attempts[point * backends + i] as number, attempts[point] as number)),
    ),
  };
}

/** A quantile of the latencies of a point, interpolated within its step. */
function quantile(steps: Uint32Array, point: number, count: number, share: number): number | null {
  if (count === 0) return null;
  let before = 0;
  for (let step = 0; step < STEPS; step++) {
    const own = steps[point * STEPS + step] as number;
    if (before + own >= share * count) {
      const from = step === 0 ? 0 : endOf(step - 1);
      return from + ((share * count - before) / own) * (endOf(step) - from);
    }
    before += own;
  }
  return null;
}

/** How the latencies of all points are distributed. */
export function distributionOf({ steps, points }: SeriesSums): LatencyDistribution {
  const counts = new Float64Array(STEPS);
  for (let point = 0; point < points; point++)
    for (let step = 0; step < STEPS; step++)
      (counts[step] as number) += steps[point * STEPS + step] as number;
  const first = counts.findIndex((count) => count > 0);
  const last = counts.reduce((found, count, step) => (count > 0 ? step : found), -1);
  const used = first < 0 ? [] : Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return { uptoMs: used.map(endOf), requests: used.map((step) => counts[step] as number) };
}

/** What each backend got. @param durationMs - of the run */
export function backendFigures(
  names: readonly string[],
  runs: readonly Run[],
  concurrencies: readonly number[],
  durationMs: number,
): BackendFigures[] {
  const of = (i: number) => runs.map(({ tally }) => tally.backends[i] as BackendTally);
  const sent = (i: number) => of(i).reduce((sum, { attempts }) => sum + attempts, 0);
  const all = names.reduce((sum, _, i) => sum + sent(i), 0);
  return names.map((name, i) => {
    const servers = runs.map((run) => run.servers[i] as SimulatedServer);
    const attempts = sent(i);
    const failed = of(i).reduce((sum, one) => sum + one.failed, 0);
    const worked = servers.reduce((sum, { workedMs }) => sum + workedMs, 0);
    return {
      name,
      requests: attempts / runs.length,
      share: all === 0 ? 0 : attempts / all,
      errors: attempts === 0 ? 0 : failed / attempts,
      hits: hitsOf(of(i)),
      busy: Math.min(1, worked / runs.length / durationMs / (concurrencies[i] as number)),
      mostAtOnce: Math.max(...servers.map(({ mostAtOnce }) => mostAtOnce)),
    };
  });
}

function quotient(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
