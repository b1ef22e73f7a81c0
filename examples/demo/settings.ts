/** What the stream of requests grows from: equal seeds, equal streams. */
export const SEED = 2016;

/**
 * The backends that the pool starts with. Names decide the points on the ring; ports are different each time.
 */
export const FIRST_FOUR = ['alpha', 'beta', 'gamma', 'delta'] as const;

/** Pages that one backend's cache holds: four together hold most of what is popular, one alone does not. */
export const CACHED_PAGES = 170;

/** How fast clients ask, as long as the machine keeps up. */
export const REQUESTS_PER_SECOND = 800;

/** Requests that are under way at the same time, at most. */
export const MAX_IN_FLIGHT = 20;

/** Some seven seconds for the first of two passes: three faults, each with time to be found and to heal. */
export const DEFAULT_REQUESTS = 5_400;

/**
 * After so long a pass over the default stream is cut short: a slow machine gets a shorter demo, not a longer
 * wait. The second one has what is left until `END_BY_MS` after the start of the process, and at least a
 * second.
 */
export const FIRST_PASS_LIMIT_MS = 7_000;
export const END_BY_MS = 11_500;

/** Fewer requests than these say nothing about a cache: the second pass sends them however long it takes. */
export const FEWEST_COMPARED = 300;
