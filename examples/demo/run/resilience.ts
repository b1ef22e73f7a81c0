import { type LoadbalancerOptions, outlierEjection, slowStart } from '../../../src/index.ts';

/** Pages take 45 ms at the most; the rest is for a machine that is busy with other things. */
export const ANSWER_WITHIN_MS = 500;

const SERVER_FAULTS = [500, 502, 503, 504];

/**
 * All that finds out, by itself, that a backend is in trouble, and keeps its clients from noticing. Times fit a demo of some
 * seconds: the defaults are 10 s between checks, 30 s for an ejection and as much for a slow start.
 */
export function resilience(): LoadbalancerOptions {
  return {
    timeoutMs: ANSWER_WITHIN_MS,
    // Out of the box a 500 is the page's fault, not the backend's. Here it counts, and is worth a second try.
    isFailure: ({ status }) => SERVER_FAULTS.includes(status),
    failover: {
      // Every request of this shop is a GET: idempotent (RFC 9110 section 9.2.2), so that all of them may be sent twice.
      retryOn: SERVER_FAULTS,
      retries: 2,
      // One backend of four that hangs may hold most of what is in flight; the default of 20 % suits larger pools.
      budget: { ratio: 1 },
    },
    health: { path: '/health', intervalMs: 200, fastIntervalMs: 100, timeoutMs: 250, fall: 2, rise: 2 },
    guards: [
      outlierEjection({ consecutiveFailures: 5, baseMs: 650, intervalMs: 500, jitter: 0 }),
      // After the ejection, so that a backend that is back starts slowly.
      slowStart({ windowMs: 400 }),
    ],
  };
}
