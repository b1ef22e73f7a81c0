import { assertOption } from '../balancer/options.ts';

/** When a backend's success rate is too low, as in Envoy. */
export interface SuccessRateOptions {
  /** How many standard deviations below the mean is too low, a finite number of at least 0. @defaultValue 1.9 */
  readonly stdevFactor?: number;
  /** How many backends must have enough requests to be compared, an integer of at least 1; `Infinity` turns the rule off. @defaultValue 5 */
  readonly minBackends?: number;
  /** How many requests in an interval are enough, an integer of at least 1. @defaultValue 100 */
  readonly minRequests?: number;
}

interface Tally {
  readonly requests: number;
  readonly failures: number;
}

/** Rates that differ by less are equal: equal rates must not fall below their own mean by rounding. */
const EPSILON = 1e-9;

/**
 * Those whose success rate lies more than `stdevFactor` population standard deviations below the mean, the worst first. Only those
 * with enough requests are compared, and only where they are enough. O(n log n).
 */
export function outliersOf<T extends Tally>(tallies: readonly T[], rule: Required<SuccessRateOptions>): T[] {
  const compared = tallies.filter(({ requests }) => requests >= rule.minRequests);
  if (compared.length < rule.minBackends) return [];
  const rates = compared.map(rateOf);
  const mean = meanOf(rates);
  const stdev = Math.sqrt(meanOf(rates.map((rate) => (rate - mean) ** 2)));
  const threshold = mean - rule.stdevFactor * stdev - EPSILON;
  return compared.filter((tally) => rateOf(tally) < threshold).sort((a, b) => rateOf(a) - rateOf(b));
}

/** @throws RangeError where an option is out of its range */
export function readSuccessRate(
  { stdevFactor = 1.9, minBackends = 5, minRequests = 100 }: SuccessRateOptions = {},
  name: string,
): Required<SuccessRateOptions> {
  assertOption(
    Number.isFinite(stdevFactor) && stdevFactor >= 0,
    `${name}.stdevFactor`,
    'a finite number of at least 0',
    stdevFactor,
  );
  assertOption(
    minBackends >= 1 && (Number.isInteger(minBackends) || minBackends === Number.POSITIVE_INFINITY),
    `${name}.minBackends`,
    'an integer of at least 1, or Infinity',
    minBackends,
  );
  assertOption(
    Number.isInteger(minRequests) && minRequests >= 1,
    `${name}.minRequests`,
    'an integer of at least 1',
    minRequests,
  );
  return { stdevFactor, minBackends, minRequests };
}

function rateOf({ requests, failures }: Tally): number {
  return (requests - failures) / requests;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
