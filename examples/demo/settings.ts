/** What the stream of requests grows from: equal seeds, equal streams. */
export const SEED = 2016;

/** The backends that the pool starts with. Names decide the points on the ring; ports are different each time. */
export const FIRST_FOUR = ['alpha', 'beta', 'gamma', 'delta'] as const;

/** Pages that one backend's cache holds: four together hold most of what is popular, one alone does not. */
export const CACHED_PAGES = 170;

/** How fast clients ask, as long as the machine keeps up. */
export const REQUESTS_PER_SECOND = 1_200;

/** Requests that are under way at the same time, at most. */
export const MAX_IN_FLIGHT = 32;

/** Some four seconds for each of two passes. */
export const DEFAULT_REQUESTS = 5_000;

/**
 * After so long a pass over the default stream is cut short: a slow machine gets a shorter demo, not a longer wait. The second
 * one has what is left until `END_BY_MS` after the start of the process, and at least a second.
 */
export const FIRST_PASS_LIMIT_MS = 6_500;
export const END_BY_MS = 12_000;
