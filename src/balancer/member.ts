import type { Backend } from '../strategies/strategy.ts';
import type { BackendSpec } from './address.ts';
import type { Tier } from './tier.ts';

/**
 * Reasons why a member may take nothing, as bits: a member is eligible while none is set. Guards get the bits above these.
 */
export const DOWN = 1;
export const DRAINING = 2;
export const WEIGHTLESS = 4;
export const FIRST_GUARD = 8;

/** A backend in the pool, with what the engine counts. Callers see it as a {@link Backend}. */
export class Member implements Backend {
  // What every decision reads and writes stands first, side by side in memory.
  /** Reasons against it: see {@link DOWN}. */
  reasons = 0;
  keys = 0;
  inFlight = 0;
  readonly slot: number;
  /** The weight that counts now: the nominal one, scaled down while a backend is starting. */
  weight: number;
  /** Leases begun, and how they ended; requests that had to go elsewhere though their key lives here. */
  requests = 0;
  /** Those that it shares the load with. */
  readonly tier: Tier<Member>;
  /** Whether it is in the pool, or only waits for its last leases. */
  present = true;
  /** Where its first entry stands in the caller's array; -1 where it does not. */
  place = -1;
  failures = 0;
  cancelled = 0;
  spills = 0;
  readonly id: string;
  readonly url: string;
  readonly address: string;
  readonly zone: string | undefined;
  /** The weight as it was given. */
  nominalWeight: number;
  /** From 0 to 1. */
  scale = 1;
  workload: number | undefined = undefined;
  reportedAt = 0;
  /** Until when it keeps its sessions while it drains, in milliseconds of the clock. */
  keepsSessionsUntil = 0;
  /** The weight that the caller's array gives it; `undefined` where it does not stand there. */
  listedWeight: number | undefined = undefined;
  /** Whether `add` put it in. */
  added = false;

  constructor(spec: BackendSpec, slot: number, tier: Tier<Member>) {
    this.id = spec.id;
    this.url = spec.url;
    this.address = spec.address;
    this.zone = spec.zone;
    this.weight = spec.weight;
    this.nominalWeight = spec.weight;
    this.slot = slot;
    this.tier = tier;
  }
}
