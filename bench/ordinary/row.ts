// A row of the table: a figure, its target, and how it is measured.

/** The result of a measurement. */
interface Measured {
  readonly figure: string;
  /** Whether the target is met. */
  readonly met: boolean;
}

/** One line of the table. */
export interface Row {
  readonly name: string;
  readonly what: string;
  readonly target: string;
  readonly measure: () => Measured | Promise<Measured>;
}

/** A share as a percentage with a number of digits. */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** The mean of some numbers. */
export function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/** The median of some numbers. */
export function medianOf(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number;
}
