import type { Backend } from '../strategies/strategy.ts';

/**
 * Reasons why a member may take nothing, as bits: a member is eligible while none is set. In panic the reasons of
 * {@link HEALTH} are ignored.
 */
export const DOWN = 1;
export const DRAINING = 2;
export const WEIGHTLESS = 4;
/** The reasons that speak of health. */
export const HEALTH = DOWN;

/** A backend in the pool, with what the engine counts. Callers see it as a {@link Backend}. */
export class Member implements Backend {
  readonly id: string;
  readonly url: string;
  readonly address: string;
  readonly zone: string | undefined;
  readonly slot: number;
  weight: number;
  inFlight = 0;
  keys = 0;
  workload: number | undefined = undefined;
  reportedAt = 0;
  /** Reasons against it: see {@link DOWN}. */
  reasons = 0;
  /** The weight that the caller's array gives it; `undefined` where it does not stand there. */
  listedWeight: number | undefined = undefined;
  /** Where its first entry stands in the caller's array; -1 where it does not. */
  place = -1;
  /** Whether `add` put it in. */
  added = false;
  /** Whether it is in the pool, or only waits for its last leases. */
  present = true;
  /** Leases begun, and how they ended; requests that had to go elsewhere though their key lives here. */
  requests = 0;
  failures = 0;
  cancelled = 0;
  spills = 0;

  constructor(
    spec: { id: string; url: string; address: string; zone: string | undefined; weight: number },
    slot: number,
  ) {
    this.id = spec.id;
    this.url = spec.url;
    this.address = spec.address;
    this.zone = spec.zone;
    this.weight = spec.weight;
    this.slot = slot;
  }
}
