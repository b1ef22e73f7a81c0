// Options of the circuit breaker, their defaults and their checks.

import { type Bag, bag, checkBag, withDefaults } from '../options/bag.ts';
import { aNumber, anInteger, aPositive, checkRule } from '../options/rule.ts';

/** Settings of `circuitBreaker`. */
export interface CircuitBreakerOptions {
  /** Length of the rolling window in which requests are counted, in milliseconds. @defaultValue 10,000 */
  readonly windowMs?: number;
  /**
   * The breaker opens only if at least this many requests ended in the window, an integer of at least 1.
   * @defaultValue 20
   */
  readonly minRequests?: number;
  /**
   * The breaker opens if at least this share of the requests in the window failed, above 0 and up to 1.
   * @defaultValue 0.5
   */
  readonly failureRatio?: number;
  /** How long the breaker stays open the first time, in milliseconds. @defaultValue 5,000 */
  readonly openMs?: number;
  /** How long the breaker stays open at most, in milliseconds, at least `openMs`. @defaultValue 60,000 */
  readonly maxOpenMs?: number;
  /**
   * The breaker closes after this many successful probes in a row, an integer of at least 1.
   * @defaultValue 1
   */
  readonly probes?: number;
}

/** {@link CircuitBreakerOptions} with every default filled in. */
export type BreakerSettings = Required<CircuitBreakerOptions>;

/** What is not given. */
export const BREAKER_DEFAULTS: BreakerSettings = {
  windowMs: 10_000,
  minRequests: 20,
  failureRatio: 0.5,
  openMs: 5_000,
  maxOpenMs: 60_000,
  probes: 1,
};

/** The rules of the options. */
export const BREAKER: Bag<CircuitBreakerOptions> = bag<CircuitBreakerOptions>({
  windowMs: aPositive,
  minRequests: anInteger(1),
  failureRatio: aNumber('a number above 0 and up to 1', (ratio) => ratio > 0 && ratio <= 1),
  openMs: aPositive,
  maxOpenMs: aPositive,
  probes: anInteger(1),
});

/** @throws TypeError or RangeError that names the option, the rule and the value */
export function readBreakerOptions(options: CircuitBreakerOptions): BreakerSettings {
  checkBag(options, BREAKER, 'circuitBreaker');
  const settings = withDefaults(options, BREAKER_DEFAULTS);
  const isLongEnough = aNumber('a finite number of at least openMs', (ms) => ms >= settings.openMs);
  checkRule(isLongEnough, settings.maxOpenMs, 'circuitBreaker.maxOpenMs');
  return settings;
}
