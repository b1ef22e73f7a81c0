// A row of the table: a figure of ordinary life, what it should be, and how it is measured.

/** What came of a measurement. */
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

/** A share as a percentage with so many digits. */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** The mean of some numbers. */
export function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/** The one in the middle. */
export function medianOf(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number;
}
