// What a full rate limiter still knows of keys that lost their counter.

/** The state of a key's window after one more request. */
export interface WindowCount {
  /** Requests in the window, this one included; at most one more than are allowed. */
  readonly used: number;
  /** When the window ends, in milliseconds of the caller's clock. */
  readonly endsAt: number;
}

/** Cells for each entry of the table. */
const CELLS_PER_ENTRY = 4;
const LEAST_CELLS = 4_096;
/** Cells of a key. */
const PROBES = 4;

/** The cells of keys that were evicted within one length of a window. */
class Generation {
  readonly used: Uint32Array;
  /** Milliseconds from `since` until the latest window of a cell ends, rounded up. */
  readonly endsIn: Uint32Array;
  readonly since: number;

  constructor(cells: number, since: number) {
    this.used = new Uint32Array(cells);
    this.endsIn = new Uint32Array(cells);
    this.since = since;
  }
}

/**
 * The counts of evicted keys until their windows end, in a table of fixed size that keys share: a sketch. A
 * key has four cells, each holds the largest count and the latest end of the keys that share it, and the key
 * reads the least of its four. So a count is never too low; it is too high only if other evicted keys have
 * used as much in all four cells. With as many evicted keys as entries that have used up their points, that
 * happens to 16 % of new keys in the worst case, with a tenth of that to 0.01 %. Cells older than two windows
 * are dropped. Nothing is allocated before the first key is added.
 *
 * @see Cormode and Muthukrishnan, An improved data stream summary: the count-min sketch, 2005
 */
export class EvictedCounts {
  readonly #durationMs: number;
  readonly #cells: number;
  #current: Generation | undefined;
  #before: Generation | undefined;

  /** @param entries - of the table that the keys are evicted from */
  constructor(durationMs: number, entries: number) {
    this.#durationMs = durationMs;
    this.#cells = 2 ** Math.ceil(Math.log2(Math.max(LEAST_CELLS, CELLS_PER_ENTRY * entries)));
  }

  /** Size of the cells in bytes. */
  get byteLength(): number {
    return [this.#current, this.#before].reduce(
      (sum, cells) => sum + (cells === undefined ? 0 : cells.used.byteLength + cells.endsIn.byteLength),
      0,
    );
  }

  /** The count of a key, by its digest; `used: 0` if none of its window is known. */
  read(low: number, high: number, now: number): WindowCount {
    const current = this.#leastIn(this.#current, low, high, now);
    const before = this.#leastIn(this.#before, low, high, now);
    return current.used >= before.used ? current : before;
  }

  /** Adds the count of a key that loses its counter. */
  add(low: number, high: number, { used, endsAt }: WindowCount, now: number): void {
    const { used: counts, endsIn, since } = this.#generationAt(now);
    const end = Math.ceil(endsAt - since);
    for (let probe = 0; probe < PROBES; probe++) {
      const cell = this.#cell(low, high, probe);
      counts[cell] = Math.max(counts[cell] as number, used);
      endsIn[cell] = Math.max(endsIn[cell] as number, end);
    }
  }

  #leastIn(cells: Generation | undefined, low: number, high: number, now: number): WindowCount {
    let used = Number.POSITIVE_INFINITY;
    let endsAt = Number.POSITIVE_INFINITY;
    for (let probe = 0; cells !== undefined && probe < PROBES; probe++) {
      const cell = this.#cell(low, high, probe);
      used = Math.min(used, cells.used[cell] as number);
      endsAt = Math.min(endsAt, cells.since + (cells.endsIn[cell] as number));
    }
    return cells === undefined || endsAt <= now ? { used: 0, endsAt: now } : { used, endsAt };
  }

  /** The present generation. One that began a window ago becomes the one before, and replaces it. */
  #generationAt(now: number): Generation {
    if (this.#current === undefined || now - this.#current.since >= this.#durationMs) {
      this.#before = this.#current;
      this.#current = new Generation(this.#cells, now);
    }
    return this.#current;
  }

  #cell(low: number, high: number, probe: number): number {
    return (low + Math.imul(probe, high | 1)) & (this.#cells - 1);
  }
}
