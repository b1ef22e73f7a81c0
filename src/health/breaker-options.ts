// Options of the circuit breaker, their defaults and their checks.

import { assertOption } from '../balancer/options.ts';

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

/** @throws RangeError that names the option, the rule and the value */
export function readBreakerOptions({
  windowMs = 10_000,
  minRequests = 20,
  failureRatio = 0.5,
  openMs = 5_000,
  maxOpenMs = 60_000,
  probes = 1,
}: CircuitBreakerOptions): BreakerSettings {
  const isTime = (ms: number) => Number.isFinite(ms) && ms > 0;
  const isCount = (count: number) => Number.isSafeInteger(count) && count >= 1;
  const isShare = Number.isFinite(failureRatio) && failureRatio > 0 && failureRatio <= 1;
  const name = 'circuitBreaker';
  assertOption(isTime(windowMs), `${name}.windowMs`, 'a finite number above 0', windowMs);
  assertOption(isCount(minRequests), `${name}.minRequests`, 'an integer of at least 1', minRequests);
  assertOption(isShare, `${name}.failureRatio`, 'a number above 0 and up to 1', failureRatio);
  assertOption(isTime(openMs), `${name}.openMs`, 'a finite number above 0', openMs);
  assertOption(
    isTime(maxOpenMs) && maxOpenMs >= openMs,
    `${name}.maxOpenMs`,
    'a finite number of at least openMs',
    maxOpenMs,
  );
  assertOption(isCount(probes), `${name}.probes`, 'an integer of at least 1', probes);
  return { windowMs, minRequests, failureRatio, openMs, maxOpenMs, probes };
}
