/*
 * The options that detect faulty backends and hide the faults from clients. Their times fit
 * a demo of some seconds: the defaults are 10 s between checks, 30 s for an ejection and as much for a slow
 * start.
 */

/** Pages take at most 45 ms; the rest is reserve for a busy machine. */
export const ANSWER_WITHIN_MS = 500;

/**
 * The resolution of the gateway's timers, which all requests share: the time limit for a response may not be
 * finer.
 */
export const LATEST_FAILURE_MS = 2 * ANSWER_WITHIN_MS;

export const HEALTH = {
  intervalMs: 200,
  fastIntervalMs: 100,
  // Long enough that a backend is not marked down only because the machine is busy.
  request: { path: '/health', timeoutMs: 1_000 },
  thresholds: { fall: 2, rise: 2 },
};

/** The duration of an ejection does not grow. */
export const EJECTION = { consecutiveFailures: 5, baseMs: 500, maxMs: 500, jitter: 0 };

export const SLOW_START_MS = 400;

/** By default a 500 does not count as a failure of the backend. In the demo it does, and it is retried. */
export const SERVER_FAULTS = [500, 502, 503, 504];

export const RETRIES = {
  // All requests of the shop are GETs, which are idempotent (RFC 9110 section 9.2.2), so all of them may be
  // retried.
  retryOn: SERVER_FAULTS,
  // On a busy machine, a request may try all four backends.
  retries: 3,
  // One hanging backend of four may hold most of the requests in flight. The default of 20 % suits larger
  // pools.
  budget: { ratio: 1 },
};
