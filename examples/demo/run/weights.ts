import type { BackendStats } from '../../../src/index.ts';

/** The share of its weight that counts for a backend now: 0 where it gets nothing, less than 1 while it is starting. */
export function weightShare({ state, weight, currentWeight }: BackendStats): number {
  return state === 'up' ? currentWeight / weight : 0;
}

/** How the weights of backends went over the course of a pass. */
export class Weights {
  readonly #samples: { readonly index: number; readonly shares: ReadonlyMap<string, number> }[] = [];

  /** @param index - how much of the stream has been sent */
  sample(index: number, backends: readonly BackendStats[]): void {
    this.#samples.push({ index, shares: new Map(backends.map((one) => [one.id, weightShare(one)])) });
  }

  /** The share that was known when a request was sent; `undefined` where the backend was not there, or not yet. */
  at(id: string, index: number): number | undefined {
    return this.#samples
      .filter((sample) => sample.index <= index)
      .at(-1)
      ?.shares.get(id);
  }
}
