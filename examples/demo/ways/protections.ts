/*
 * All that finds out, by itself, that a backend is in trouble, and keeps its clients from noticing. Times fit
 * a demo of some seconds: the defaults are 10 s between checks, 30 s for an ejection and as much for a slow
 * start.
 */

/** Pages take 45 ms at the most; the rest is for a machine that is busy with other things. */
export const ANSWER_WITHIN_MS = 500;

/**
 * The gateway's timers are shared by all requests, and as coarse as that: no wait for an answer is longer
 * than this.
 */
export const LATEST_FAILURE_MS = 2 * ANSWER_WITHIN_MS;

export const HEALTH = {
  path: '/health',
  intervalMs: 200,
  fastIntervalMs: 100,
  // So that a backend is not down just because this machine had no time for it.
  timeoutMs: 1_000,
  fall: 2,
  rise: 2,
};

/** However often a backend was ejected before, it is not out for longer. */
export const EJECTION = { consecutiveFailures: 5, baseMs: 500, maxMs: 500, jitter: 0 };

export const SLOW_START_MS = 400;

/** Out of the box a 500 is the page's fault, not the backend's. Here it counts, and is worth a second try. */
export const SERVER_FAULTS = [500, 502, 503, 504];

export const RETRIES = {
  // Every request of this shop is a GET: idempotent (RFC 9110 section 9.2.2), so that all of them may be sent
  // twice.
  retryOn: SERVER_FAULTS,
  // On a machine that is busy with other things, each of the four gets its chance.
  retries: 3,
  // One backend of four that hangs may hold most of what is in flight; the default of 20 % suits larger
  // pools.
  budget: { ratio: 1 },
};
