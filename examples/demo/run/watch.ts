// Records weights and failures of backends over time.

import type { Incident, Way, WayBackend, WayStats } from '../ways/way.ts';

/** Attempts that failed on a backend in a period. */
export interface Failures {
  readonly count: number;
  /** The time of the last one, in milliseconds since 1970; `undefined` if there was none. */
  readonly lastAt: number | undefined;
}

/** An observation that differs from the one before. */
interface Sample {
  /** Number of requests sent before it. */
  readonly index: number;
  readonly at: number;
  readonly shares: ReadonlyMap<string, number>;
  readonly failures: ReadonlyMap<string, number>;
}

/**
 * A backend's current share of its weight: 0 while it gets no requests, below 1 while it is starting.
 */
export function weightShare({ state, weight, currentWeight }: WayBackend): number {
  return state === 'up' ? currentWeight / weight : 0;
}

/** Records the weights and failures of backends over time. */
export class Watch {
  readonly #way: Way;
  readonly #samples: Sample[] = [];

  constructor(way: Way) {
    this.#way = way;
  }

  /** @param index - number of requests sent so far */
  look(index: number): void {
    const { backends } = this.#way.stats();
    const shares = new Map(backends.map((one) => [one.id, weightShare(one)]));
    const failures = new Map(backends.map(({ id, failures }) => [id, failures]));
    const last = this.#samples.at(-1);
    if (last !== undefined && isSame(last.shares, shares) && isSame(last.failures, failures)) return;
    this.#samples.push({ index, at: Date.now(), shares, failures });
  }

  /**
   * A backend's share of its weight at the time of a request; `undefined` if it was not in the pool then.
   */
  shareAt(id: string, index: number): number | undefined {
    return this.#samples
      .filter((sample) => sample.index <= index)
      .at(-1)
      ?.shares.get(id);
  }

  /** The failures of a backend between two times, in milliseconds since 1970. */
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

/** The first event between two times that took a backend out. */
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
