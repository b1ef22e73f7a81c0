// Series of numbers as one line of blocks, for the terminal.

const BLOCKS = '▁▂▃▄▅▆▇█';

/** A scale that all lines of a picture share. */
export interface SparkScale {
  readonly low: number;
  readonly high: number;
  /** Equal steps are equal factors. Needs a `low` above 0. */
  readonly isLogarithmic: boolean;
}

/** The scale from the lowest to the highest value, logarithmic if they are a factor of 20 apart or more. */
export function scaleOf(lists: readonly (readonly (number | null)[])[]): SparkScale {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const list of lists)
    for (const value of list) {
      if (value === null) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  if (low > high) return { low: 0, high: 1, isLogarithmic: false };
  return { low, high, isLogarithmic: low > 0 && high >= 20 * low };
}

/**
 * A line of blocks, the larger the value the taller.
 * @param width - number of characters; where there are more values, each character is the largest of its part
 */
export function sparkline(values: readonly (number | null)[], width: number, scale: SparkScale): string {
  const columns = Math.min(width, values.length);
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.floor(((column + 1) * values.length) / columns);
    const part = values.slice(from, to).filter((value) => value !== null);
    return part.length === 0 ? ' ' : blockOf(Math.max(...part), scale);
  }).join('');
}

function blockOf(value: number, { low, high, isLogarithmic }: SparkScale): string {
  const position = isLogarithmic
    ? Math.log(value / low) / Math.log(high / low)
    : (value - low) / (high - low);
  const step = high === low ? 0 : Math.floor(position * BLOCKS.length);
  return BLOCKS.charAt(Math.min(BLOCKS.length - 1, Math.max(0, step)));
}
