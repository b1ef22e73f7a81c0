// Classes of trust: how much the pool knows against a backend decides when it is asked.

/**
 * How far a backend is trusted, the most trusted first:
 * - `well`: nothing speaks against it;
 * - `ejected`: a guard that judges health bars it, going by how its requests ended;
 * - `down`: its health checks, or a call of `markDown`, say that it does not work.
 *
 * Backends that drain, are of weight 0 or have an open circuit breaker are in no class: they get nothing.
 */
export type Trust = (typeof TRUSTS)[number];

/** All classes, in the order in which they are asked. */
export const TRUSTS = ['well', 'ejected', 'down'] as const;

export const WELL = 0;
export const EJECTED = 1;
const DOWN_CLASS = 2;

/** The place of a class in {@link TRUSTS}. */
export type TrustLevel = typeof WELL | typeof EJECTED | typeof DOWN_CLASS;

export const LEVELS: readonly TrustLevel[] = [WELL, EJECTED, DOWN_CLASS];
/** The class that includes all others. */
export const LEAST_TRUSTED = DOWN_CLASS;
