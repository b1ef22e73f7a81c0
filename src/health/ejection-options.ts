import { assertOption } from '../balancer/options.ts';
import { readSuccessRate, type SuccessRateOptions } from './success-rate.ts';

/** Settings of `outlierEjection`. */
export interface OutlierEjectionOptions {
  /** After how many failures in a row a backend is ejected, an integer of at least 1; `Infinity` turns that off. @defaultValue 5 */
  readonly consecutiveFailures?: number;
  /** When a backend that fails more often than the others is ejected. */
  readonly successRate?: SuccessRateOptions;
  /**
   * Length of the interval over which success rates are compared, and that a backend that is back must stay for one of its
   * ejections to be forgotten; in milliseconds. @defaultValue 10,000
   */
  readonly intervalMs?: number;
  /** How long the first ejection lasts, and by how much each further one in a row is longer; in milliseconds. @defaultValue 30,000 */
  readonly baseMs?: number;
  /** How long an ejection lasts at most, in milliseconds, at least `baseMs`. @defaultValue 300,000 */
  readonly maxMs?: number;
  /** By which share an ejection may be shorter or longer, from 0 to 1, so that not all come back at once. @defaultValue 0.1 */
  readonly jitter?: number;
  /** Which share of the pool may be ejected, from 0 to 1, the backend at hand included. @defaultValue 0.5 */
  readonly maxEjectedRatio?: number;
}

/** With every default filled in. */
export type EjectionSettings = Required<OutlierEjectionOptions> & {
  readonly successRate: Required<SuccessRateOptions>;
};

/** @throws RangeError naming the option, the rule and the value */
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
