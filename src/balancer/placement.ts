// Where a key is, as other balancers may be told.

import type { Backend } from '../strategies/strategy.ts';

/** A key that got a lease, and where it is. The values hold during the call alone. */
export interface Placement {
  /** Two 32-bit hashes of the key, which identify it. */
  readonly position: number;
  readonly fingerprint: number;
  /** The backend that its requests go to. */
  readonly owner: Backend | undefined;
  /** Where they went before; `undefined` for a key that was not remembered. */
  readonly before: Backend | undefined;
  /** The backend that it returns to when that one can serve it again; `undefined` where it belongs. */
  readonly origin: Backend | undefined;
  /** Whether it is where its hash alone would put it, so that others put it there, too. */
  readonly isAtHome: boolean;
  /** The backends that it is placed among: one zone, or the backups. */
  readonly tier: { readonly zone: string | undefined; readonly backup: boolean };
}

/** Tells on which backend, by its id, a key is that is not remembered; `undefined` if it is not known. */
export type PlacementRecall = (
  position: number,
  fingerprint: number,
  tier: Placement['tier'],
) => string | undefined;

/** Receives placements. It must be quick, as it is part of `acquire`. */
export type PlacementListener = (placement: Placement) => void;
