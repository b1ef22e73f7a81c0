// The samples of the benchmark, and their medians and ratios.

import type { Job, MeasureName, Sample } from './job.ts';

/** Identifies a measured number: the measure and the name in its sample. */
export type Quantity = readonly [measure: MeasureName, name: string];

/** All results, by measure and number of backends, in the order of the rounds. */
export class Results {
  readonly #samples = new Map<string, Sample[]>();

  add({ measure, n }: Job, sample: Sample): void {
    const key = `${measure} n=${n}`;
    this.#samples.set(key, [...(this.#samples.get(key) ?? []), sample]);
  }

  /** The samples of the child processes. @throws Error if there are none */
  of([measure, name]: Quantity, n: number): number[] {
    return (this.#samples.get(`${measure} n=${n}`) ?? []).map((sample) => {
      const value = sample[name];
      if (value === undefined) throw new Error(`${measure} at n = ${n} did not measure ${name}`);
      return value;
    });
  }

  median(quantity: Quantity, n: number): number {
    return median(this.of(quantity, n));
  }

  /**
   * The median of the ratios of each round. Ratios within a round are independent of changes of the machine's
   * speed between rounds.
   */
  ratio(above: Quantity, below: Quantity, n: number): number {
    const divisors = this.of(below, n);
    return median(this.of(above, n).map((value, round) => value / (divisors[round] as number)));
  }

  /** Every sample, for JSON. */
  toJSON(): Record<string, readonly Sample[]> {
    return Object.fromEntries(this.#samples);
  }
}

/** The middle value, or the mean of the two middle ones. @throws Error if there are none */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}
