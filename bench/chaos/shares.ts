import { LAST_POOL } from './churn.ts';
import type { Storm } from './storm.ts';
import { type Verdict, verdict } from './verdicts.ts';

const TOLERANCE = 0.1;
/** Fewer requests for a backend of mean weight tell little: chance alone would make 10 % of it. */
const ENOUGH_REQUESTS = 1_000;
/** Fewer requests in all ask for too few keys. */
const ENOUGH_FOR_KEYS = 150_000;

/** How far the backends are from their shares, as ratios: 1 is the share exactly. */
interface Shares {
  readonly least: number;
  readonly most: number;
}

/** Requests since everybody has recovered, against the share by weight. */
function requestShares({ shares }: Storm): Shares {
  const requests = sum(shares.values());
  const weight = sum(LAST_POOL.values());
  return sharesOf([...LAST_POOL].map(([id, own]) => (shares.get(id) ?? 0) / ((requests * own) / weight)));
}

/**
 * Keys asked for since everybody has recovered, against those of each backend where nothing was wrong with
 * any.
 */
function keyShares({ keys }: Storm, calm: ReadonlyMap<string, number>): Shares {
  return sharesOf([...calm].map(([id, own]) => (keys.get(id) ?? 0) / own));
}

/** The promise of the shares, for a strategy that goes by weight. */
export function requestShareVerdict(storm: Storm): Verdict {
  const shares = requestShares(storm);
  return shareVerdict(
    'after recovery each backend is within 10 % of its fair share: of the requests, by weight',
    shares,
    sum(storm.shares.values()) / LAST_POOL.size >= ENOUGH_REQUESTS,
  );
}

/** The promise of the shares, for a strategy that goes by keys. */
export function keyShareVerdict(storm: Storm, calm: ReadonlyMap<string, number>): Verdict {
  return shareVerdict(
    'after recovery each backend is within 10 % of its fair share: of the keys, as without faults',
    keyShares(storm, calm),
    storm.options.requests >= ENOUGH_FOR_KEYS,
  );
}

function shareVerdict(promise: string, { least, most }: Shares, isEnough: boolean): Verdict {
  const measured = `from ${least.toFixed(3)} to ${most.toFixed(3)} of it${isEnough ? '' : ', of too few requests to tell'}`;
  return verdict(promise, measured, isEnough ? least >= 1 - TOLERANCE && most <= 1 + TOLERANCE : undefined);
}

function sharesOf(ratios: readonly number[]): Shares {
  return { least: Math.min(...ratios), most: Math.max(...ratios) };
}

function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}
