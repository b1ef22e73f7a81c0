import type { Incident, Way, WayBackend, WayStats } from '../ways/way.ts';

/** Attempts that failed on a backend within some time. */
export interface Failures {
  readonly count: number;
  /** When the last one was seen, in milliseconds since 1970; `undefined` where there was none. */
  readonly lastAt: number | undefined;
}

/** What was seen at one moment, where it was not the same as before. */
interface Sample {
  /** How much of the stream had been sent. */
  readonly index: number;
  readonly at: number;
  readonly shares: ReadonlyMap<string, number>;
  readonly failures: ReadonlyMap<string, number>;
}

/**
 * The share of its weight that counts for a backend now: 0 where it gets nothing, less than 1 while it is
 * starting.
 */
export function weightShare({ state, weight, currentWeight }: WayBackend): number {
  return state === 'up' ? currentWeight / weight : 0;
}

/** Looks at a way from time to time, and remembers how weights and failures went. */
export class Watch {
  readonly #way: Way;
  readonly #samples: Sample[] = [];

  constructor(way: Way) {
    this.#way = way;
  }

  /** @param index - how much of the stream has been sent */
  look(index: number): void {
    const { backends } = this.#way.stats();
    const shares = new Map(backends.map((one) => [one.id, weightShare(one)]));
    const failures = new Map(backends.map(({ id, failures }) => [id, failures]));
    const last = this.#samples.at(-1);
    if (last !== undefined && isSame(last.shares, shares) && isSame(last.failures, failures)) return;
    this.#samples.push({ index, at: Date.now(), shares, failures });
  }

  /**
   * The share of its weight that was known when a request was sent; `undefined` where the backend was not
   * there, or not yet.
   */
  shareAt(id: string, index: number): number | undefined {
    return this.#samples
      .filter((sample) => sample.index <= index)
      .at(-1)
      ?.shares.get(id);
  }

  /** What failed on a backend between two moments, in milliseconds since 1970. */
  failuresOf(id: string, from: number, until: number): Failures {
    let count = 0;
    let lastAt: number | undefined;
    for (const [i, { at, failures }] of this.#samples.entries()) {
      const more = (failures.get(id) ?? 0) - (this.#samples[i - 1]?.failures.get(id) ?? 0);
      if (more <= 0 || at < from || at >= until) continue;
      count += more;
      lastAt = at;
    }
    return { count, lastAt };
  }
}

/** The first sign, between two moments, that a backend was taken for broken. */
export function foundOut(
  { incidents }: WayStats,
  backend: string,
  from: number,
  until = Number.POSITIVE_INFINITY,
): Incident | undefined {
  return incidents.find(
    ({ type, backend: other, at }) =>
      other === backend && at >= from && at < until && (type === 'ejected' || type === 'down'),
  );
}

function isSame(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  return one.size === other.size && [...one].every(([id, number]) => other.get(id) === number);
}
