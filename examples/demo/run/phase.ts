import type { BackendStats, Balancer, Request } from '../../../src/index.ts';
import type { Moves } from './census.ts';

/** What a change of the pool did to the homes of keys, beside what it should have done. */
export interface Relocation extends Moves {
  /** `1 / n`. */
  readonly ideal: number;
  /** The share of the whole key space that moves according to `plan`; `null` where the strategy cannot tell. */
  readonly planned: number | null;
}

/** The part of a pass from one change of the pool to the next. */
export class Phase {
  readonly name: string;
  /** Its first request. */
  readonly from: number;
  /** The first request after it. */
  to: number;
  /** What the change at its beginning moved; `null` where there was none, or keys have no homes. */
  readonly relocation: Relocation | null;
  /** Requests of the busiest backend over the mean, known at the end; `null` where there were none. */
  requestSpread: number | null = null;
  /** The same of distinct keys at home. */
  keySpread: number | null = null;
  readonly #requestsBefore: ReadonlyMap<string, number>;

  constructor(name: string, from: number, balancer: Balancer<Request>, relocation: Relocation | null = null) {
    this.name = name;
    this.from = from;
    this.to = from;
    this.relocation = relocation;
    this.#requestsBefore = new Map(balancer.stats().backends.map(({ id, requests }) => [id, requests]));
  }

  end(to: number, balancer: Balancer<Request>): void {
    const serving = balancer.stats().backends.filter(({ state }) => state === 'up');
    const requestsOf = ({ id, requests }: BackendStats) => requests - (this.#requestsBefore.get(id) ?? 0);
    this.to = to;
    this.requestSpread = maxOverMean(serving.map(requestsOf));
    this.keySpread = maxOverMean(serving.map(({ keys }) => keys));
  }
}

/** `null` where all are 0. */
function maxOverMean(numbers: readonly number[]): number | null {
  const sum = numbers.reduce((total, number) => total + number, 0);
  return sum === 0 ? null : Math.max(...numbers) / (sum / numbers.length);
}
