// A phase of a pass, between two steps of the scenario.

import type { WayBackend, WayStats } from '../ways/way.ts';
import { type Homes, keySpread, type Moves, maxOverMean } from './census.ts';
import { OPENING, type Step } from './scenario.ts';

/** The keys that a change of the pool moved, and how many it should have moved. */
export interface Relocation extends Moves {
  /** `1 / n`. */
  readonly ideal: number;
  /**
   * The share of the key space that moves according to `plan`; `null` if the strategy has no plan.
   */
  readonly planned: number | null;
}

/** The part of a pass from one step of the scenario to the next. */
export class Phase {
  /** The step at its beginning; `undefined` for the opening. */
  readonly step: Step | undefined;
  /** Its beginning, in milliseconds since 1970. */
  readonly beganAt = Date.now();
  /** Index of its first request. */
  readonly from: number;
  /** Index of the first request after it. */
  to: number;
  /**
   * The keys that its step moved, known when the pool has recovered; `null` before that, and if keys have no
   * homes.
   */
  relocation: Relocation | null = null;
  /**
   * Requests of the busiest backend over the mean, since the pool has recovered; `null` without requests.
   */
  requestSpread: number | null = null;
  /** The same for distinct keys, by their owners at the end. */
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

  /** Called when the pool has recovered after its step. */
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
