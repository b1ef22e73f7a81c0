// The buckets of latency histograms: which latencies each one counts.

/**
 * Upper bounds of the histogram in the metrics, in milliseconds. Each is also the bound of a bucket, so that
 * its counts are exact.
 */
export const PUBLISHED_BOUNDS_MS = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const;

/** Each power of two has 16 buckets of equal width: a bucket is at most 1/16 as wide as its lower bound. */
const SUB_BUCKET_BITS = 4;
const LOW_EXPONENT = -7;
const HIGH_EXPONENT = 20;
/** Bits in the high half of a double that do not decide the bucket. */
const SHIFT = 20 - SUB_BUCKET_BITS;
const REST = (1 << SHIFT) - 1;

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);
double[0] = 1;
/** The half of a double that holds its exponent depends on the byte order of the machine. */
const HIGH = halves[1] === 0 ? 0 : 1;
const LOW = 1 - HIGH;

/** Upper bound of the lowest bucket, and of the highest: 8 microseconds and 17 minutes. */
const MIN_MS = 2 ** LOW_EXPONENT;
const MAX_MS = 2 ** HIGH_EXPONENT;
const ORIGIN = binOf(MIN_MS);

/** The first bucket of each bin, and the published bound that cuts the bin in two; `Infinity` without one. */
const firstBucket = new Uint16Array(binOf(MAX_MS) - ORIGIN + 1);
const cutAt = new Float64Array(firstBucket.length).fill(Number.POSITIVE_INFINITY);

/** Upper bounds of all buckets in milliseconds, ascending. */
export const UPPER_BOUNDS_MS: Float64Array = upperBounds();

/**
 * The bucket of a latency: above the bound of the bucket before, up to its own. Lower values and NaN are in
 * the first bucket, higher ones in the last. O(1).
 */
export function bucketOf(ms: number): number {
  if (!(ms > MIN_MS)) return 0;
  if (ms > MAX_MS) return UPPER_BOUNDS_MS.length - 1;
  const bin = binOf(ms) - ORIGIN;
  return (firstBucket[bin] as number) + (ms > (cutAt[bin] as number) ? 1 : 0);
}

/**
 * The exponent of a number and the first bits of its fraction; a number equal to a bound belongs to the bin
 * below it.
 */
function binOf(value: number): number {
  double[0] = value;
  const high = halves[HIGH] as number;
  const isOnBound = (high & REST) === 0 && halves[LOW] === 0;
  return isOnBound ? (high >>> SHIFT) - 1 : high >>> SHIFT;
}

function upperBoundOf(bin: number): number {
  halves[HIGH] = (bin + 1) << SHIFT;
  halves[LOW] = 0;
  return double[0] as number;
}

function upperBounds(): Float64Array {
  const bounds: number[] = [];
  for (let bin = 0; bin < firstBucket.length; bin++) {
    firstBucket[bin] = bounds.length;
    const upTo = upperBoundOf(bin + ORIGIN);
    const cut = PUBLISHED_BOUNDS_MS.find((bound) => bound < upTo && binOf(bound) === bin + ORIGIN);
    if (cut !== undefined) bounds.push((cutAt[bin] = cut));
    bounds.push(upTo);
  }
  return Float64Array.from(bounds);
}
