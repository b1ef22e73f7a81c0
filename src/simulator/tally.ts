// Counts what comes of the requests of one contender: `Tally` in one placement, `SeriesSums` over time, in
// all.

/** Steps of a histogram for each doubling of the latency. */
const STEPS_BITS = 4;
/** The least latency that is told from 0: 2^-10 ms. */
const LEAST_EXPONENT = -10;
const DOUBLINGS = 40;
/** Number of steps of a histogram. */
export const STEPS: number = DOUBLINGS << STEPS_BITS;
/** Keys with higher numbers are not followed: it takes four bytes a key. */
const FOLLOWED_KEYS = 2 ** 18;

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/** The step of a latency, read off its exponent and its highest digits. */
function stepOf(latencyMs: number): number {
  float[0] = latencyMs;
  const step = ((word[0] as number) >> (23 - STEPS_BITS)) - ((127 + LEAST_EXPONENT) << STEPS_BITS);
  return step < 0 ? 0 : step >= STEPS ? STEPS - 1 : step;
}

/** The upper end of a step, in milliseconds. */
export function endOf(step: number): number {
  word[0] = (step + 1 + ((127 + LEAST_EXPONENT) << STEPS_BITS)) << (23 - STEPS_BITS);
  return float[0] as number;
}

/** Figures over time: sums over all placements of a contender. */
export class SeriesSums {
  readonly points: number;
  readonly backends: number;
  readonly pointMs: number;
  readonly requests: Float64Array;
  readonly errors: Float64Array;
  readonly latencyMs: Float64Array;
  readonly retries: Float64Array;
  readonly looked: Float64Array;
  readonly hits: Float64Array;
  readonly spills: Float64Array;
  readonly seenAgain: Float64Array;
  readonly moved: Float64Array;
  /** Sums of the most over the mean, and how many there are. */
  readonly ratios: Float64Array;
  readonly rated: Float64Array;
  /** Attempts of each backend, point by point. */
  readonly attempts: Float64Array;
  /** Latencies in steps, point by point. */
  readonly steps: Uint32Array;

  constructor(points: number, durationMs: number, backends: number) {
    const list = () => new Float64Array(points);
    this.points = points;
    this.backends = backends;
    this.pointMs = durationMs / points;
    this.requests = list();
    this.errors = list();
    this.latencyMs = list();
    this.retries = list();
    this.looked = list();
    this.hits = list();
    this.spills = list();
    this.seenAgain = list();
    this.moved = list();
    this.ratios = list();
    this.rated = list();
    this.attempts = new Float64Array(points * backends);
    this.steps = new Uint32Array(points * STEPS);
  }

  /** The point that a moment is in. */
  pointOf(atMs: number): number {
    return Math.min(this.points - 1, Math.floor(atMs / this.pointMs));
  }
}

/** What a backend got, without the warm-up. */
export interface BackendTally {
  attempts: number;
  failed: number;
  looked: number;
  hits: number;
}

/** Counts for one contender in one placement. */
export class Tally {
  readonly series: SeriesSums;
  readonly backends: readonly BackendTally[];
  /** Latencies of requests without an error. */
  latencies: Float64Array = new Float64Array(1_024);
  answered = 0;
  /** Attempts that count. */
  measured = 0;
  requests = 0;
  errors = 0;
  retries = 0;
  spills = 0;
  /** The backend that each key went to last; -1 for none. */
  readonly #places: Int32Array | undefined;
  /** For each key: 1 if it was asked for again, 2 if it has moved. */
  readonly #fates: Uint8Array | undefined;
  /** Attempts of each backend in the point of time that is counted. */
  readonly #now: Uint32Array;
  #point = 0;

  /** @param keys - how many there are; `undefined` if none is asked for twice */
  constructor(series: SeriesSums, keys: number | undefined) {
    const { backends } = series;
    this.series = series;
    this.backends = Array.from({ length: backends }, () => ({ attempts: 0, failed: 0, looked: 0, hits: 0 }));
    this.#now = new Uint32Array(backends);
    if (keys === undefined) return;
    const followed = Math.min(keys, FOLLOWED_KEYS);
    this.#places = new Int32Array(followed).fill(-1);
    this.#fates = new Uint8Array(followed);
  }

  /** Share of the keys that were asked for more than once that changed their backend. */
  get keysMoved(): number {
    let again = 0;
    let moved = 0;
    for (const fate of this.#fates ?? []) {
      if (fate > 0) again++;
      if (fate > 1) moved++;
    }
    return again === 0 ? 0 : moved / again;
  }

  /** Counts an attempt that is sent. @param weights - of the backends in the pool, 0 for others */
  sent(backend: number, atMs: number, isMeasured: boolean, weights: Float64Array): void {
    const point = this.series.pointOf(atMs);
    if (point !== this.#point) this.closePoint(point, weights);
    (this.#now[backend] as number)++;
    if (!isMeasured) return;
    this.measured++;
    (this.backends[backend] as BackendTally).attempts++;
  }

  /** Notes where a key's request went, unless it was a spill. */
  placed(key: number, backend: number, atMs: number, isMeasured: boolean): void {
    const places = this.#places;
    const fates = this.#fates;
    if (places === undefined || fates === undefined || key >= places.length) return;
    const before = places[key] as number;
    places[key] = backend;
    if (before < 0) return;
    const point = this.series.pointOf(atMs);
    (this.series.seenAgain[point] as number)++;
    if (before !== backend) (this.series.moved[point] as number)++;
    if (!isMeasured) return;
    if (before !== backend) fates[key] = 2;
    else if (fates[key] === 0) fates[key] = 1;
  }

  /** Counts a spill. */
  spilled(atMs: number, isMeasured: boolean): void {
    (this.series.spills[this.series.pointOf(atMs)] as number)++;
    if (isMeasured) this.spills++;
  }

  /** Counts a retry. */
  retried(atMs: number, isMeasured: boolean): void {
    (this.series.retries[this.series.pointOf(atMs)] as number)++;
    if (isMeasured) this.retries++;
  }

  /** Counts the look into a cache. */
  lookedUp(backend: number, isHit: boolean, atMs: number, isMeasured: boolean): void {
    const { series } = this;
    const point = series.pointOf(atMs);
    (series.looked[point] as number)++;
    if (isHit) (series.hits[point] as number)++;
    if (!isMeasured) return;
    const own = this.backends[backend] as BackendTally;
    own.looked++;
    if (isHit) own.hits++;
  }

  /** Counts an attempt that failed. */
  failed(backend: number, isMeasured: boolean): void {
    if (isMeasured) (this.backends[backend] as BackendTally).failed++;
  }

  /** Counts the end of a request. @param latencyMs - NaN for an error */
  ended(atMs: number, latencyMs: number, isMeasured: boolean): void {
    const { series } = this;
    const point = series.pointOf(atMs);
    const isError = Number.isNaN(latencyMs);
    (series.requests[point] as number)++;
    if (isError) (series.errors[point] as number)++;
    else {
      (series.latencyMs[point] as number) += latencyMs;
      (series.steps[point * STEPS + stepOf(latencyMs)] as number)++;
    }
    if (!isMeasured) return;
    this.requests++;
    if (isError) {
      this.errors++;
      return;
    }
    if (this.answered === this.latencies.length) {
      const grown = new Float64Array(this.answered * 2);
      grown.set(this.latencies);
      this.latencies = grown;
    }
    this.latencies[this.answered++] = latencyMs;
  }

  /** Adds what was sent in a point of time to the sums, and begins another point. */
  closePoint(next: number, weights: Float64Array): void {
    const { series } = this;
    const point = this.#point;
    this.#point = next;
    let sum = 0;
    let weight = 0;
    let most = 0;
    for (let i = 0; i < this.#now.length; i++) {
      const attempts = this.#now[i] as number;
      (series.attempts[point * series.backends + i] as number) += attempts;
      this.#now[i] = 0;
      const own = weights[i] as number;
      if (own === 0) continue;
      sum += attempts;
      weight += own;
      most = Math.max(most, attempts / own);
    }
    if (sum === 0) return;
    (series.ratios[point] as number) += most / (sum / weight);
    (series.rated[point] as number)++;
  }
}
