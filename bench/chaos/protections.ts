// The options of the load balancer in the chaos test.

import {
  circuitBreaker,
  type LoadbalancerOptions,
  maxInFlight,
  outlierEjection,
  slowStart,
} from '../../src/index.ts';

/** Time limit of one attempt, in milliseconds. */
const TIMEOUT_MS = 1_000;
/** Time limit of a request with all its attempts, in milliseconds. */
export const TOTAL_TIMEOUT_MS = 3_000;
/** The most attempts of one request. */
export const MOST_ATTEMPTS = 2;

/**
 * All protections except health checks, with their defaults unless a comment says otherwise.
 */
export const PROTECTIONS: LoadbalancerOptions = {
  timeoutMs: TIMEOUT_MS,
  totalTimeoutMs: TOTAL_TIMEOUT_MS,
  failover: true,
  queue: true,
  guards: [
    outlierEjection(),
    // Both are sized for about ten requests a second on each backend.
    circuitBreaker({ windowMs: 2_000, minRequests: 10 }),
    maxInFlight(8),
    // After the guards that bring backends back.
    slowStart(),
  ],
};
