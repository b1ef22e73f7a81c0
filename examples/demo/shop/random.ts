// Seeded random numbers, and draws by Zipf's law.

/** A seeded source of numbers from 0 up to, but not including, 1. @see mulberry32, by Tommy Ettinger */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), bits | 61)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Draws items of a list by Zipf's law: item r with a probability in proportion to `1 / r ** exponent`. O(log
 * n) a draw.
 *
 * @see Breslau et al., Web Caching and Zipf-like Distributions, INFOCOM 1999: exponents of 0.64 to 0.83 for
 * web requests
 */
export function zipfDraw<T>(list: readonly T[], exponent: number, random: () => number): () => T {
  let sum = 0;
  const cumulative = list.map((_, i) => (sum += 1 / (i + 1) ** exponent));
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = list.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] as number) > wanted) high = middle;
      else low = middle + 1;
    }
    return list[low] as T;
  };
}
