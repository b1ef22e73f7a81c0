import {
  circuitBreaker,
  type LoadbalancerOptions,
  maxInFlight,
  outlierEjection,
  slowStart,
} from '../../src/index.ts';

/** Milliseconds for one attempt. */
const TIMEOUT_MS = 1_000;
/** Milliseconds for all of a request. */
export const TOTAL_TIMEOUT_MS = 3_000;
/** Attempts that failover may make of one request. */
export const MOST_ATTEMPTS = 2;

/**
 * Everything that protects requests but health checks, one line each; with its defaults but where it says so.
 */
export const PROTECTIONS: LoadbalancerOptions = {
  timeoutMs: TIMEOUT_MS,
  totalTimeoutMs: TOTAL_TIMEOUT_MS,
  failover: true,
  queue: true,
  guards: [
    outlierEjection(),
    // Both are sized for some ten requests a second on each backend.
    circuitBreaker({ windowMs: 2_000, minRequests: 10 }),
    maxInFlight(8),
    // After those that bring backends back.
    slowStart(),
  ],
};
