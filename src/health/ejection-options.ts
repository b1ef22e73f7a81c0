// Options of outlier ejection, their defaults and their checks.

import { assertOption } from '../balancer/options.ts';
import { readSuccessRate, type SuccessRateOptions } from './success-rate.ts';

/** Settings of `outlierEjection`. */
export interface OutlierEjectionOptions {
  /**
   * A backend is ejected after this many failures in a row, an integer of at least 1; `Infinity` turns this
   * rule off.
   * @defaultValue 5
   */
  readonly consecutiveFailures?: number;
  /**
   * A backend whose success rate is much lower than that of the others is ejected.
   * @defaultValue see {@link SuccessRateOptions}
   */
  readonly successRate?: SuccessRateOptions;
  /**
   * Length of the interval in which success rates are compared, in milliseconds. For each such interval
   * without an ejection, the number of a backend's ejections in a row falls by one.
   * @defaultValue 10,000
   */
  readonly intervalMs?: number;
  /**
   * Duration of the first ejection, in milliseconds. Each further ejection in a row is longer by the same
   * time.
   * @defaultValue 30,000
   */
  readonly baseMs?: number;
  /** The longest duration of an ejection, in milliseconds, at least `baseMs`. @defaultValue 300,000 */
  readonly maxMs?: number;
  /**
   * Share by which an ejection is shorter or longer at random, from 0 to 1, so that not all backends come
   * back at once.
   * @defaultValue 0.1
   */
  readonly jitter?: number;
  /** The largest share of the pool that may be ejected at a time, from 0 to 1. @defaultValue 0.5 */
  readonly maxEjectedRatio?: number;
}

/** {@link OutlierEjectionOptions} with every default filled in. */
export type EjectionSettings = Required<OutlierEjectionOptions> & {
  readonly successRate: Required<SuccessRateOptions>;
};

/** @throws RangeError that names the option, the rule and the value */
export function readEjectionOptions(options: OutlierEjectionOptions): EjectionSettings {
  const {
    consecutiveFailures = 5,
    intervalMs = 10_000,
    baseMs = 30_000,
    maxMs = 300_000,
    jitter = 0.1,
    maxEjectedRatio = 0.5,
  } = options;
  const isTime = (ms: number) => Number.isFinite(ms) && ms > 0;
  const isRatio = (ratio: number) => Number.isFinite(ratio) && ratio >= 0 && ratio <= 1;
  const isCount = (count: number) => Number.isSafeInteger(count) && count >= 1;
  const name = 'outlierEjection';
  assertOption(
    isCount(consecutiveFailures) || consecutiveFailures === Number.POSITIVE_INFINITY,
    `${name}.consecutiveFailures`,
    'an integer of at least 1, or Infinity',
    consecutiveFailures,
  );
  assertOption(isTime(intervalMs), `${name}.intervalMs`, 'a finite number above 0', intervalMs);
  assertOption(isTime(baseMs), `${name}.baseMs`, 'a finite number above 0', baseMs);
  assertOption(
    isTime(maxMs) && maxMs >= baseMs,
    `${name}.maxMs`,
    'a finite number of at least baseMs',
    maxMs,
  );
  assertOption(isRatio(jitter), `${name}.jitter`, 'a number from 0 to 1', jitter);
  assertOption(isRatio(maxEjectedRatio), `${name}.maxEjectedRatio`, 'a number from 0 to 1', maxEjectedRatio);
  const successRate = readSuccessRate(options.successRate, `${name}.successRate`);
  return { consecutiveFailures, intervalMs, baseMs, maxMs, jitter, maxEjectedRatio, successRate };
}
