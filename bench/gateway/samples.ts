// The samples of the gateway benchmark, and their medians and ratios.

import { median } from '../results.ts';

/** One measurement of one proxy: numbers by name. It is void if `failures` is above 0. */
export type Sample = Readonly<Record<string, number>> & { readonly failures: number };

/** Identifies a number of one proxy in one scenario. */
export interface Quantity {
  readonly scenario: string;
  readonly contender: string;
  readonly name: string;
}

/** All samples, by scenario and contender, in the order of the rounds. */
export class Samples {
  readonly #samples = new Map<string, Map<string, Sample[]>>();

  add(scenario: string, contender: string, sample: Sample): void {
    const byContender = this.#samples.get(scenario) ?? new Map<string, Sample[]>();
    byContender.set(contender, [...(byContender.get(contender) ?? []), sample]);
    this.#samples.set(scenario, byContender);
  }

  contendersIn(scenario: string): string[] {
    return [...(this.#samples.get(scenario)?.keys() ?? [])];
  }

  failuresOf(scenario: string, contender: string): number {
    return this.#of(scenario, contender).reduce((sum, { failures }) => sum + failures, 0);
  }

  /** The median over the rounds; `undefined` without samples, or if one is void or lacks the number. */
  median({ scenario, contender, name }: Quantity): number | undefined {
    return medianOrNothing(this.values({ scenario, contender, name }));
  }

  /** The number of each round; empty without samples, or if one is void or lacks it. */
  values({ scenario, contender, name }: Quantity): number[] {
    if (this.failuresOf(scenario, contender) > 0) return [];
    const samples = this.#of(scenario, contender);
    const values = samples.flatMap((sample) => sample[name] ?? []);
    return values.length === samples.length ? values : [];
  }

  toJSON(): Record<string, Record<string, readonly Sample[]>> {
    return Object.fromEntries(
      [...this.#samples].map(([name, samples]) => [name, Object.fromEntries(samples)]),
    );
  }

  #of(scenario: string, contender: string): readonly Sample[] {
    return this.#samples.get(scenario)?.get(contender) ?? [];
  }
}

/** The ratio in each round, which is independent of changes of the machine's speed between rounds. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.length === below.length ? above.map((value, round) => value / (below[round] as number)) : [];
}

export function medianOrNothing(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : median(values);
}
