// The success-rate rule of outlier ejection.

import { type Bag, bag } from '../options/bag.ts';
import { aNumber, anInteger, anIntegerOrInfinity, aRatio } from '../options/rule.ts';

/** When the success rate of a backend is too low, as in Envoy. */
export interface SuccessRateOptions {
  /**
   * A rate is too low if it is this many standard deviations below the mean, a finite number of at least 0.
   * @defaultValue 1.9
   */
  readonly stdevFactor?: number;
  /**
   * Rates are compared only if at least this many backends have enough requests, an integer of at least 1;
   * `Infinity` turns the rule off.
   * @defaultValue 5
   */
  readonly minBackends?: number;
  /**
   * A backend is compared only if it had at least this many requests in the interval, an integer of at least
   * 1.
   * @defaultValue 100
   */
  readonly minRequests?: number;
  /**
   * A rate below this is too low whatever the others have, from 0 to 1, however few backends there are. The
   * client's own mistakes, statuses from 400 to 499, count neither way.
   * @defaultValue 0, which turns this rule off
   */
  readonly minRatio?: number;
}

interface Tally {
  readonly requests: number;
  readonly failures: number;
}

/** Rounding tolerance: equal rates must not fall below their own mean. */
const EPSILON = 1e-9;

/**
 * The tallies whose success rate is below `minRatio`, or more than `stdevFactor` population standard
 * deviations below the mean, the lowest first. Only tallies with `minRequests` requests count, and they are
 * compared only if there are `minBackends` of them. O(n log n).
 */
export function outliersOf<T extends Tally>(tallies: readonly T[], rule: Required<SuccessRateOptions>): T[] {
  const compared = tallies.filter(({ requests }) => requests >= rule.minRequests);
  const threshold = Math.max(
    rule.minRatio,
    compared.length < rule.minBackends ? 0 : outlierRate(compared, rule),
  );
  return compared.filter((tally) => rateOf(tally) < threshold).sort((a, b) => rateOf(a) - rateOf(b));
}

/** What is not given. */
export const SUCCESS_RATE_DEFAULTS: Required<SuccessRateOptions> = {
  stdevFactor: 1.9,
  minBackends: 5,
  minRequests: 100,
  minRatio: 0,
};

export const SUCCESS_RATE: Bag<SuccessRateOptions> = bag<SuccessRateOptions>({
  stdevFactor: aNumber('a finite number of at least 0', (factor) => factor >= 0 && Number.isFinite(factor)),
  minBackends: anIntegerOrInfinity(1),
  minRequests: anInteger(1),
  minRatio: aRatio,
});

/** Rates below this one are outliers. */
function outlierRate(tallies: readonly Tally[], { stdevFactor }: Required<SuccessRateOptions>): number {
  const rates = tallies.map(rateOf);
  const mean = meanOf(rates);
  const stdev = Math.sqrt(meanOf(rates.map((rate) => (rate - mean) ** 2)));
  return mean - stdevFactor * stdev - EPSILON;
}

function rateOf({ requests, failures }: Tally): number {
  return (requests - failures) / requests;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
