// The settings of the demo.

/** The seed of the stream of requests. Equal seeds give equal streams. */
export const SEED = 2016;

/**
 * The backends of the pool at the start. Names determine the points on the ring, as ports differ each time.
 */
export const FIRST_FOUR = ['alpha', 'beta', 'gamma', 'delta'] as const;

/** Size of one backend's cache in pages: four together hold most of the popular pages, one alone does not. */
export const CACHED_PAGES = 170;

/** Requests a second, if the machine is fast enough. */
export const REQUESTS_PER_SECOND = 800;

/** The most requests in flight. */
export const MAX_IN_FLIGHT = 20;

/**
 * Length of the stream: about seven seconds for the first of two passes, with three faults that are detected
 * and end.
 */
export const DEFAULT_REQUESTS = 5_400;

/**
 * Time limit of a pass over the default stream, so that a slow machine gets a shorter demo. The second pass
 * has the time that is left until `END_BY_MS` after the start of the process, and at least a second.
 */
export const FIRST_PASS_LIMIT_MS = 7_000;
export const END_BY_MS = 11_500;

/**
 * The least number of requests of the second pass, whatever its time limit. Fewer would not show the effect
 * of a cache.
 */
export const FEWEST_COMPARED = 300;
