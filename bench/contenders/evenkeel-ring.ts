// evenkeel's ring as a contender.

import { type Backend, Balancer, type Strategy, strategies, systemEnv } from '../../src/index.ts';
import { hashKey } from '../../src/internal.ts';
import { bytesOf } from '../heap.ts';
import { makeKeys, makePool } from '../inputs.ts';
import type { Job, Sample } from '../job.ts';
import { medianMs, medianNsPerKey } from '../stopwatch.ts';

const everybody = () => true;

/** The ring alone, without bounds, over some backends. */
export function ringOf(backends: readonly Backend[]): Strategy {
  const ring = strategies['consistent-hash'].factory(systemEnv);
  ring.update(backends);
  return ring;
}

/** One pass over the keys with look-ups only. */
export function pickAll(ring: Strategy, keys: readonly string[], seed = 0): number {
  let sum = 0;
  for (let i = 0; i < keys.length; i++) {
    sum += (ring.pick(hashKey(keys[i] as string, seed), everybody) as Backend).slot;
  }
  return sum;
}

/** Nanoseconds to hash a key, and to pick a backend for it. */
export function pick({ n, timeMs }: Job): Sample {
  const keys = makeKeys();
  const ring = ringOf(new Balancer(makePool(n)).backends);
  const tasks = {
    hash: () => hashAll(keys, 0),
    pick: () => pickAll(ring, keys),
  };
  return medianNsPerKey(tasks, keys.length, timeMs);
}

function hashAll(keys: readonly string[], seed: number): number {
  let sum = 0;
  for (let i = 0; i < keys.length; i++) sum ^= hashKey(keys[i] as string, seed);
  return sum;
}

/**
 * Milliseconds to build a ring, and to add one backend to it or to remove one; the same for a whole balancer.
 */
export function change({ n, timeMs }: Job): Sample {
  const pool = makePool(n);
  const extra = { host: '10.1.0.0', port: 8080 };
  const more = new Balancer([...pool, extra]).backends;
  const fewer = more.slice(0, n);
  const ring = ringOf(fewer);
  const balancer = new Balancer(pool);
  const extraId = balancer.add(extra).id;
  const tasks = {
    build: { run: () => ringOf(fewer) },
    add: { run: () => ring.update(more), before: () => ring.update(fewer) },
    remove: { run: () => ring.update(fewer), before: () => ring.update(more) },
    'balancer build': { run: () => new Balancer(pool) },
    'balancer add': {
      run: () => balancer.add(extra),
      before: () => balancer.has(extraId) && balancer.remove(extraId),
    },
    'balancer remove': {
      run: () => balancer.remove(extraId),
      before: () => balancer.backends.length === n && balancer.add(extra),
    },
  };
  return medianMs(tasks, { timeMs: timeMs / 2, minRuns: 4 });
}

/** Bytes of a ring; the backends themselves exist without it. */
export async function memory({ n }: Job): Promise<Sample> {
  const { backends } = new Balancer(makePool(n));
  return { bytes: await bytesOf(() => ringOf(backends)) };
}
