// Measures the load of the backends, and checks the bound on keys.

import { type Backend, Balancer } from '../../src/index.ts';
import { makeKeys, makePool } from '../inputs.ts';
import type { Job, Sample } from '../job.ts';

/** Load factors that are measured. */
export const FACTORS = [1.25, 1.1] as const;
/** Sizes of the memory of keys: one for all keys, so large that no set overflows, and the default. */
export const MEMORIES = [1_048_576, 8_192] as const;

/** Above this many backends the bound of keys has the square root of the fair share beside the factor. */
const LARGE_POOL = 64;

/**
 * Sends every key through a balancer once. For each factor and memory: the most loaded backend over the mean,
 * by remembered keys and by all keys that it ever got, and how many admissions exceeded the bound.
 */
export function evenness({ n }: Job): Sample {
  const keys = makeKeys();
  const sample: Record<string, number> = {};
  for (const factor of FACTORS) {
    for (const rememberedKeys of MEMORIES) {
      const name = nameOf(factor, rememberedKeys);
      const balancer = new Balancer(makePool(n), { bounds: { factor, rememberedKeys } });
      const [placed, broken] = placeAll(balancer, keys, factor);
      sample[`${name} placed`] = peakToMean(placed);
      sample[`${name} remembered`] = peakToMean(balancer.backends.map((backend) => backend.keys));
      sample[`${name} broken`] = broken;
      sample[`${name} size`] = balancer.stats().keys;
    }
  }
  return sample;
}

/** The prefix of a setting's numbers in the sample. */
export function nameOf(factor: number, rememberedKeys: number): string {
  return `c=${factor} memory=${rememberedKeys}`;
}

/**
 * How many keys each backend got, and how often a backend exceeded the bound when it got a key.
 */
function placeAll(
  balancer: Balancer,
  keys: readonly string[],
  factor: number,
): [placed: Int32Array, broken: number] {
  const { backends } = balancer;
  const placed = new Int32Array(backends.length);
  let broken = 0;
  for (const key of keys) {
    const lease = balancer.acquire(key);
    if (lease === undefined) throw new Error('no backend took a key');
    const { backend } = lease;
    placed[backend.slot] = (placed[backend.slot] as number) + 1;
    lease.release();
    const fair = remembered(backends) / backends.length;
    const slack = backends.length > LARGE_POOL ? Math.sqrt(fair) : 0;
    if (backend.keys > Math.max(Math.ceil(fair), Math.floor(factor * fair + slack + 1e-9))) broken++;
  }
  return [placed, broken];
}

/** Remembered keys over all backends, including the one just placed. */
function remembered(backends: readonly Backend[]): number {
  let sum = 0;
  for (let i = 0; i < backends.length; i++) sum += (backends[i] as Backend).keys;
  return sum;
}

function peakToMean(loads: ArrayLike<number>): number {
  const all = Array.from(loads);
  return (Math.max(...all) * all.length) / all.reduce((sum, load) => sum + load, 0);
}
