// Checks that all backends have their shares again after the faults.

import { LAST_POOL } from './churn.ts';
import type { Storm } from './storm.ts';
import { type Verdict, verdict } from './verdicts.ts';

const TOLERANCE = 0.1;
/** Keys are some 250 a backend: another placement of those that were displaced makes a difference of 10 %. */
const KEY_TOLERANCE = 0.15;
/** With fewer requests for a backend of mean weight, chance alone would cause differences of 10 %. */
const ENOUGH_REQUESTS = 1_000;
/** Fewer requests in total have too few keys. */
const ENOUGH_FOR_KEYS = 150_000;

/** The load of the backends relative to their shares: 1 is exactly the share. */
interface Shares {
  readonly least: number;
  readonly most: number;
}

/** Requests since the recovery, relative to the share by weight. */
function requestShares({ shares }: Storm): Shares {
  const requests = sum(shares.values());
  const weight = sum(LAST_POOL.values());
  return sharesOf([...LAST_POOL].map(([id, own]) => (shares.get(id) ?? 0) / ((requests * own) / weight)));
}

/**
 * Keys requested since the recovery, relative to the keys of each backend in a run without faults.
 */
function keyShares({ keys }: Storm, calm: ReadonlyMap<string, number>): Shares {
  return sharesOf([...calm].map(([id, own]) => (keys.get(id) ?? 0) / own));
}

/** The promise of the shares, for a strategy without keys. */
export function requestShareVerdict(storm: Storm): Verdict {
  const shares = requestShares(storm);
  return shareVerdict(
    'after recovery each backend is within 10 % of its fair share: of the requests, by weight',
    shares,
    sum(storm.shares.values()) / LAST_POOL.size >= ENOUGH_REQUESTS,
  );
}

/** The promise of the shares, for a strategy with keys. */
export function keyShareVerdict(storm: Storm, calm: ReadonlyMap<string, number>): Verdict {
  return shareVerdict(
    'after recovery each backend is within 15 % of its fair share: of the keys, as without faults',
    keyShares(storm, calm),
    storm.options.requests >= ENOUGH_FOR_KEYS,
    KEY_TOLERANCE,
  );
}

function shareVerdict(
  promise: string,
  { least, most }: Shares,
  isEnough: boolean,
  tolerance = TOLERANCE,
): Verdict {
  const measured = `from ${least.toFixed(3)} to ${most.toFixed(3)} of it${isEnough ? '' : ', of too few requests to tell'}`;
  return verdict(promise, measured, isEnough ? least >= 1 - tolerance && most <= 1 + tolerance : undefined);
}

function sharesOf(ratios: readonly number[]): Shares {
  return { least: Math.min(...ratios), most: Math.max(...ratios) };
}

function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}
