// The peer `hashring`.

import HashRing from 'hashring';
import { bytesOf } from '../heap.ts';
import { makeKeys, makeServers, POINTS } from '../inputs.ts';
import type { Job, Sample } from '../job.ts';
import { medianMs, medianNsPerKey } from '../stopwatch.ts';

/** md5 gives four points each time. */
const REPLICAS = 4;

/**
 * With a cache of one key, so that it is always missed. A size of 0 makes hashring throw, and misses with the
 * default of 5,000 cost a third more.
 */
const OPTIONS = { 'vnode count': POINTS / REPLICAS, replicas: REPLICAS, 'max cache size': 1 };

function ringOf(servers: readonly string[]): HashRing {
  const ring = new HashRing(servers, 'md5', OPTIONS);
  if (ring.size !== servers.length * POINTS) throw new Error(`hashring has ${ring.size} points`);
  return ring;
}

/** Nanoseconds to pick a backend for a key. */
export function get({ n, timeMs }: Job): Sample {
  const keys = makeKeys();
  const ring = ringOf(makeServers(n));
  const tasks = {
    get: () => {
      let sum = 0;
      for (let i = 0; i < keys.length; i++) sum += ring.get(keys[i] as string).length;
      return sum;
    },
  };
  return medianNsPerKey(tasks, keys.length, timeMs);
}

/** Milliseconds to build a ring, and to add one backend to it or to remove one. */
export function change({ n, timeMs }: Job): Sample {
  const servers = makeServers(n);
  const extra = '10.1.0.0:8080';
  const ring = ringOf(servers);
  const tasks = {
    build: { run: () => ringOf(servers) },
    add: { run: () => ring.add(extra), before: () => ring.size > n * POINTS && ring.remove(extra) },
    remove: { run: () => ring.remove(extra), before: () => ring.size === n * POINTS && ring.add(extra) },
  };
  return medianMs(tasks, { timeMs: timeMs / 2, minRuns: 2 });
}

/** Bytes of a ring; the addresses themselves exist without it. */
export async function memory({ n }: Job): Promise<Sample> {
  const servers = makeServers(n);
  return { bytes: await bytesOf(() => ringOf(servers)) };
}
