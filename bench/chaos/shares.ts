// Checks that all backends have their shares again after the faults.

import { LAST_POOL } from './churn.ts';
import type { Storm } from './storm.ts';
import { type Verdict, verdict } from './verdicts.ts';

const TOLERANCE = 0.1;
const KEY_TOLERANCE = 0.15;
/**
 * About a fifth of the keys are displaced by the bound on keys, and which ones depends on the order of the
 * requests. Two runs differ by as much as two samples of them: of 100 keys by 6 %, of 250 by 4 %, as a
 * standard deviation. With 20 backends and many seeds, four of these are within reach of chance.
 */
const DISPLACED_SHARE = 0.2;
const DEVIATIONS = 4;
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

/** The promise of the shares, for a strategy without keys. */
export function requestShareVerdict(storm: Storm): Verdict {
  const shares = requestShares(storm);
  return shareVerdict(
    'after recovery each backend is within 10 % of its fair share: of the requests, by weight',
    shares,
    sum(storm.shares.values()) / LAST_POOL.size >= ENOUGH_REQUESTS,
  );
}

/**
 * The promise of the shares, for a strategy with keys: those requested since the recovery, relative to the
 * keys of each backend in a run without faults.
 */
export function keyShareVerdict({ keys, options }: Storm, calm: ReadonlyMap<string, number>): Verdict {
  const ratios = [...calm].map(([id, own]) => ({ ratio: (keys.get(id) ?? 0) / own, own }));
  return shareVerdict(
    'after recovery each backend is within 15 % of its fair share, or what chance makes of few keys: of the keys, as without faults',
    sharesOf(ratios.map(({ ratio }) => ratio)),
    options.requests >= ENOUGH_FOR_KEYS,
    ratios.every(({ ratio, own }) => Math.abs(ratio - 1) <= keyTolerance(own)),
  );
}

function keyTolerance(keys: number): number {
  return Math.max(KEY_TOLERANCE, DEVIATIONS * Math.sqrt((2 * DISPLACED_SHARE) / keys));
}

function shareVerdict(
  promise: string,
  { least, most }: Shares,
  isEnough: boolean,
  isKept = least >= 1 - TOLERANCE && most <= 1 + TOLERANCE,
): Verdict {
  const measured = `from ${least.toFixed(3)} to ${most.toFixed(3)} of it${isEnough ? '' : ', of too few requests to tell'}`;
  return verdict(promise, measured, isEnough ? isKept : undefined);
}

function sharesOf(ratios: readonly number[]): Shares {
  return { least: Math.min(...ratios), most: Math.max(...ratios) };
}

function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}
