// A backend of the pool with its counters, and the reasons that bar it from new requests.

import type { Backend } from '../strategies/strategy.ts';
import type { BackendSpec } from './address.ts';
import type { ListedBackend } from './listing.ts';
import type { Tier } from './tier.ts';
import type { Trial } from './trial.ts';

/**
 * Reasons that bar a member from new requests, one bit each. A member is eligible while no bit that counts is
 * set. Guards get the bits from {@link FIRST_GUARD} on.
 */
export const DOWN = 1;
export const DRAINING = 2;
export const WEIGHTLESS = 4;
/** It has left the pool. Tables may have it for a while. */
export const LEFT = 8;
export const FIRST_GUARD = 16;

/** A backend in the pool, with what the engine counts. Callers see it as a {@link Backend}. */
export class Member implements Backend {
  // The fields that every decision reads and writes come first, so that they lie side by side in memory.
  /** The reasons that bar it, as bits: see {@link DOWN}. */
  reasons = 0;
  keys = 0;
  inFlight = 0;
  readonly slot: number;
  /** The current weight: the nominal weight times the scale. */
  weight: number;
  /**
   * How many requests it can work on at once for this balancer: what its entry says, else what it reports;
   * `undefined` if neither does.
   */
  concurrency: number | undefined;
  /** Leases that began. */
  requests = 0;
  /** The members that it shares the load with. */
  readonly tier: Tier<Member>;
  /** Whether it is in the pool. A removed member stays in memory until its last lease has ended. */
  present = true;
  /** Whether no table has it any more after it has left. */
  forgotten = false;
  /** Marks it while a list is compared with the pool. */
  stamp = 0;
  /** The number of the change of the pool with which it left. */
  leftAt = 0;
  /** Index of its first entry in the caller's array; -1 if it is not listed there. */
  index = -1;
  /** Leases that ended as failures of the backend. */
  failures = 0;
  /** Leases that ended because the client left. */
  cancelled = 0;
  /** Leases that ended because the request could not be sent as it was. */
  rejected = 0;
  /** Requests whose key it owns and that went to another backend because it was at its limit. */
  spills = 0;
  readonly id: string;
  url: string;
  readonly address: string;
  zone: string | undefined;
  /** The configured weight. */
  nominalWeight: number;
  /** Factor for the weight, above 0 and up to 1: below 1 while slow start ramps it up. */
  scale = 1;
  /** Whether its last health check passed; `undefined` if there was none. */
  passesChecks: boolean | undefined = undefined;
  /** Its trials since it became unhealthy; `undefined` before the first one. */
  trial: Trial | undefined = undefined;
  /** Whether trials had shown that it works before it was well again; of the last time that it was not. */
  isProven = false;
  workload: number | undefined = undefined;
  /** The concurrency in its entry. */
  ownConcurrency: number | undefined;
  /** The concurrency that it reported last. */
  reportedConcurrency: number | undefined = undefined;
  reportedAt = 0;
  /** While it drains, it keeps its sessions until this time, in milliseconds of the clock. */
  keepsSessionsUntil = 0;
  /** As what it is listed; `undefined` after it was removed. */
  listed: ListedBackend | undefined = undefined;

  constructor(spec: BackendSpec, slot: number, tier: Tier<Member>) {
    this.id = spec.id;
    this.url = spec.url;
    this.address = spec.address;
    this.zone = spec.zone;
    this.weight = spec.weight;
    this.nominalWeight = spec.weight;
    this.slot = slot;
    this.tier = tier;
    this.concurrency = spec.concurrency;
    this.ownConcurrency = spec.concurrency;
  }

  /** Sets what its entry and its reports say of its concurrency; the entry wins. */
  setConcurrency(own: number | undefined, reported: number | undefined): void {
    this.ownConcurrency = own;
    this.reportedConcurrency = reported;
    this.concurrency = own ?? reported;
  }

  /** For `JSON.stringify`: what callers know of it, without the members that it shares the load with. */
  toJSON(): object {
    const { id, url, zone, weight, nominalWeight, tier, inFlight, keys, workload } = this;
    return { id, url, zone, backup: tier.backup, weight, nominalWeight, inFlight, keys, workload };
  }
}
