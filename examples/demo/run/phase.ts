import type { WayBackend, WayStats } from '../ways/way.ts';
import { type Homes, keySpread, type Moves, maxOverMean } from './census.ts';
import { OPENING, type Step } from './scenario.ts';

/** What a change of the pool did to the homes of keys, beside what it should have done. */
export interface Relocation extends Moves {
  /** `1 / n`. */
  readonly ideal: number;
  /**
   * The share of the whole key space that moves according to `plan`; `null` where the strategy cannot tell.
   */
  readonly planned: number | null;
}

/** The part of a pass from one step of the scenario to the next. */
export class Phase {
  /** What happened at its beginning; `undefined` for the opening. */
  readonly step: Step | undefined;
  /** In milliseconds since 1970. */
  readonly beganAt = Date.now();
  /** Its first request. */
  readonly from: number;
  /** The first request after it. */
  to: number;
  /**
   * What its step moved, known when the pool has settled; `null` before that, and where keys have no homes.
   */
  relocation: Relocation | null = null;
  /**
   * Requests of the busiest backend over the mean since the pool has settled; `null` where there were none.
   */
  requestSpread: number | null = null;
  /** The same of distinct keys, by where they live at the end. */
  keySpread: number | null = null;
  #requestsBefore: ReadonlyMap<string, number>;

  constructor(step: Step | undefined, from: number, stats: WayStats) {
    this.step = step;
    this.from = from;
    this.to = from;
    this.#requestsBefore = requestsOf(stats);
  }

  get name(): string {
    return this.step?.name ?? OPENING.name;
  }

  /** The pool has settled after its step. */
  settle(relocation: Relocation | null, stats: WayStats): void {
    this.relocation = relocation;
    this.#requestsBefore = requestsOf(stats);
  }

  end(to: number, { backends }: WayStats, homes: Homes | null): void {
    const serving = backends.filter(({ state }) => state === 'up');
    const newRequests = ({ id, requests }: WayBackend) => requests - (this.#requestsBefore.get(id) ?? 0);
    this.to = to;
    this.requestSpread = maxOverMean(serving.map(newRequests));
    this.keySpread = keySpread(
      homes,
      serving.map(({ id }) => id),
    );
  }
}

function requestsOf({ backends }: WayStats): ReadonlyMap<string, number> {
  return new Map(backends.map(({ id, requests }) => [id, requests]));
}
