// What the page of a report draws from: the series and the trace of a simulation, packed so that a large one
// stays small. Numbers that make up pictures need no more than 32 bits; shares over time get 8.
import type { AttemptOutcome, ContenderResult, Series, SimulationResult, Trace } from 'evenkeel/simulator';

/** Numbers in base64: 32-bit floats, 16-bit or 8-bit integers, little-endian. */
export type Packed = string;

/** The series that the page can plot. */
export const PLOTTED = [
  'p99Ms',
  'p50Ms',
  'meanMs',
  'errors',
  'hits',
  'mostOverMean',
  'retries',
  'spills',
  'moved',
  'perSecond',
] as const satisfies readonly (keyof Series)[];

/** The name of a series that the page can plot. */
export type PlottedSeries = (typeof PLOTTED)[number];

/** How attempts may end, in the order of their numbers in a packed trace. */
export const OUTCOMES = [
  'hit',
  'miss',
  'error',
  'refused',
  'reset',
  'timeout',
  'open',
] as const satisfies readonly AttemptOutcome[];

/** A share that is this many times the fair one is packed as 255; larger ones, too. */
export const LARGEST_SHARE = 4;
/** In packed shares: nothing is known. */
export const NO_SHARE = 0;

/** All that the script of the page gets. */
export interface PageData {
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly backends: readonly string[];
  readonly balancers: number;
  readonly events: SimulationResult['events'];
  /** The beginning of each point of the series: 32-bit floats. */
  readonly atMs: Packed;
  readonly contenders: readonly ContenderData[];
}

/** What the page draws for one contender. */
export interface ContenderData {
  readonly label: string;
  /** 32-bit floats, NaN where nothing is known; `undefined` for a series without any value. */
  readonly series: Readonly<Partial<Record<PlottedSeries, Packed>>>;
  /** A byte for each backend at each point: 1 + 254 * share / fair share / 4; 0 where nothing is known. */
  readonly shares: Packed;
  /** The upper ends of the steps, and requests in each: 32-bit floats. */
  readonly uptoMs: Packed;
  readonly requests: Packed;
  readonly trace?: TraceData;
}

/** A packed {@link Trace}. */
export interface TraceData {
  /** 32-bit floats. */
  readonly atMs: Packed;
  readonly endMs: Packed;
  /** 16-bit integers. */
  readonly balancer: Packed;
  /** The status, 16 bits. */
  readonly status: Packed;
  /** Of the attempts. 32-bit integers, and 16-bit ones for the backend. */
  readonly request: Packed;
  readonly backend: Packed;
  readonly attemptAtMs: Packed;
  readonly startMs: Packed;
  readonly attemptEndMs: Packed;
  /** Numbers of {@link OUTCOMES}, 8 bits. */
  readonly outcome: Packed;
}

/** Packs a result for the page. */
export function pageData(result: SimulationResult): PageData {
  const { durationMs, warmUpMs, backends, balancers, events, contenders } = result;
  return {
    durationMs,
    warmUpMs,
    backends,
    balancers,
    events,
    atMs: floats(contenders[0]?.series.atMs ?? []),
    contenders: contenders.map((contender) => contenderData(contender)),
  };
}

function contenderData({ label, series, latency, trace }: ContenderResult): ContenderData {
  const plotted = PLOTTED.flatMap((name) => {
    const values = series[name];
    return values.some((value) => value !== null) ? [[name, floats(values)] as const] : [];
  });
  return {
    label,
    series: Object.fromEntries(plotted),
    shares: packedShares(series.shares),
    uptoMs: floats(latency.uptoMs),
    requests: floats(latency.requests),
    ...(trace && { trace: traceData(trace) }),
  };
}

/** The fair share at a point is the mean of the shares that are known there. */
function packedShares(shares: Series['shares']): Packed {
  const points = shares[0]?.length ?? 0;
  const bytes = new Uint8Array(shares.length * points).fill(NO_SHARE);
  for (let point = 0; point < points; point++) {
    const known = shares.map((list) => list[point] ?? null).filter((share) => share !== null);
    const fair = known.length === 0 ? 1 : 1 / known.length;
    for (const [backend, list] of shares.entries()) {
      const share = list[point] ?? null;
      if (share === null) continue;
      bytes[backend * points + point] = 1 + Math.round(254 * Math.min(1, share / fair / LARGEST_SHARE));
    }
  }
  return packed(bytes);
}

function traceData({ requests, attempts }: Trace): TraceData {
  return {
    atMs: floats(requests.atMs),
    endMs: floats(requests.endMs),
    balancer: packed(Uint16Array.from(requests.balancer)),
    status: packed(Uint16Array.from(requests.status)),
    request: packed(Uint32Array.from(attempts.request)),
    backend: packed(Uint16Array.from(attempts.backend)),
    attemptAtMs: floats(attempts.atMs),
    startMs: floats(attempts.startMs),
    attemptEndMs: floats(attempts.endMs),
    outcome: packed(Uint8Array.from(attempts.outcome, (outcome) => OUTCOMES.indexOf(outcome))),
  };
}

function floats(values: readonly (number | null)[]): Packed {
  return packed(Float32Array.from(values, (value) => value ?? Number.NaN));
}

function packed(values: Uint8Array | Uint16Array | Uint32Array | Float32Array): Packed {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}
