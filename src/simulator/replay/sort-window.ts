// Puts the requests of a log into the order of their times: servers write lines when requests end, and
// several processes write one log.

/** A request of a log. Keys and clients are numbers. */
export interface LogRow {
  atMs: number;
  readonly key: number;
  readonly client: number;
  /** `NaN` if the log does not say. */
  readonly durationMs: number;
  readonly bytes: number;
  readonly isWrite: boolean;
}

/** A line may be so much later than the latest one before it, in milliseconds of the log. */
const WINDOW_MS = 60_000;
/** So many rows are kept at the most. */
const MOST_ROWS = 1_000_000;
/** Rows are sorted when so many have come, or half as many as are kept. */
const LEAST_BATCH = 8_192;
const SECOND = 1_000;

/**
 * Sorts rows within a window of 60 s, or a million rows. What comes later than that is counted and left out.
 * Rows of the same time stay in their order.
 */
export class SortWindow {
  /** Rows that came before an earlier one. */
  outOfOrder = 0;
  /** Rows that came too late and were left out. */
  late = 0;
  readonly #spreads: boolean;
  readonly #mostRows: number;
  #rows: LogRow[] = [];
  #latestMs = Number.NEGATIVE_INFINITY;
  #previousMs = Number.NEGATIVE_INFINITY;
  /** All rows before this time were given out. */
  #doneMs = Number.NEGATIVE_INFINITY;
  #sorted = 0;

  /** @param spreads - whether the times are whole seconds: the rows of one are spread evenly over it */
  constructor(spreads: boolean, mostRows = MOST_ROWS) {
    this.#spreads = spreads;
    this.#mostRows = mostRows;
  }

  /** Takes rows. @returns those that nothing can come before any more, in order */
  take(rows: readonly LogRow[]): readonly LogRow[] {
    for (const row of rows) {
      const { atMs } = row;
      if (atMs < this.#previousMs) this.outOfOrder++;
      this.#previousMs = atMs;
      if (atMs < this.#doneMs) {
        this.late++;
        continue;
      }
      if (atMs > this.#latestMs) this.#latestMs = atMs;
      this.#rows.push(row);
    }
    const fresh = this.#rows.length - this.#sorted;
    if (fresh < LEAST_BATCH || fresh < this.#sorted / 2) return [];
    return this.#give(this.#latestMs - WINDOW_MS);
  }

  /** The last rows, in order. */
  end(): readonly LogRow[] {
    return this.#give(Number.POSITIVE_INFINITY);
  }

  #give(untilMs: number): readonly LogRow[] {
    const rows = this.#rows.sort((a, b) => a.atMs - b.atMs);
    const surplus = rows.length - this.#mostRows;
    const least = surplus > 0 ? (rows[surplus] as LogRow).atMs : Number.NEGATIVE_INFINITY;
    // A second is given out as a whole, so that its rows can be spread.
    const limit = Math.floor(Math.max(untilMs, least) / SECOND) * SECOND;
    let count = rows.length;
    if (untilMs < Number.POSITIVE_INFINITY) {
      count = rows.findIndex(({ atMs }) => atMs >= limit);
      this.#doneMs = Math.max(this.#doneMs, limit);
    }
    const given = rows.slice(0, count);
    this.#rows = rows.slice(count);
    this.#sorted = this.#rows.length;
    if (this.#spreads) spread(given);
    return given;
  }
}

/** Spreads the rows of each second evenly over it. */
function spread(rows: readonly LogRow[]): void {
  for (let from = 0; from < rows.length; ) {
    const { atMs } = rows[from] as LogRow;
    let to = from;
    while (to < rows.length && (rows[to] as LogRow).atMs === atMs) to++;
    for (let i = from; i < to; i++)
      (rows[i] as LogRow).atMs = atMs + (SECOND * (i - from + 0.5)) / (to - from);
    from = to;
  }
}
