// Options of outlier ejection, their defaults and their checks.

import { aBag, type Bag, bag, checkBag, withDefaults } from '../options/bag.ts';
import { aNumber, anIntegerOrInfinity, aPositive, aRatio, checkRule } from '../options/rule.ts';
import { SUCCESS_RATE, SUCCESS_RATE_DEFAULTS, type SuccessRateOptions } from './success-rate.ts';

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

/** What is not given. */
export const EJECTION_DEFAULTS: EjectionSettings = {
  consecutiveFailures: 5,
  successRate: SUCCESS_RATE_DEFAULTS,
  intervalMs: 10_000,
  baseMs: 30_000,
  maxMs: 300_000,
  jitter: 0.1,
  maxEjectedRatio: 0.5,
};

/** The rules of the options. */
export const EJECTION: Bag<OutlierEjectionOptions> = bag<OutlierEjectionOptions>({
  consecutiveFailures: anIntegerOrInfinity(1),
  successRate: aBag(SUCCESS_RATE),
  intervalMs: aPositive,
  baseMs: aPositive,
  maxMs: aPositive,
  jitter: aRatio,
  maxEjectedRatio: aRatio,
});

/** @throws TypeError or RangeError that names the option, the rule and the value */
export function readEjectionOptions(options: OutlierEjectionOptions): EjectionSettings {
  checkBag(options, EJECTION, 'outlierEjection');
  const settings = withDefaults(options, EJECTION_DEFAULTS);
  const isLongEnough = aNumber('a finite number of at least baseMs', (ms) => ms >= settings.baseMs);
  checkRule(isLongEnough, settings.maxMs, 'outlierEjection.maxMs');
  return { ...settings, successRate: withDefaults(settings.successRate, SUCCESS_RATE_DEFAULTS) };
}
